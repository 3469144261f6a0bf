from pathlib import Path

import pytest

from parvis import plugins
from parvis.attendance import notices
from parvis.contract.values import Channel, MessageTemplate
from parvis.errors import Text
from parvis.messages.previews import preview, problems
from parvis.messages.reactions import templates
from parvis.office import questions
from parvis.settings import Settings
from parvis.web import folders

MAIL, SMS = frozenset({Channel.MAIL}), frozenset({Channel.SMS})


def registered() -> list[MessageTemplate]:
    return [
        *templates(),
        *notices.TEMPLATES,
        *questions.TEMPLATES,
        *(one for plugin in plugins.load() for one in plugin.message_templates),
    ]


@pytest.fixture
def installed(instance: Settings) -> None:
    folders.use(plugins.load().folders())


@pytest.mark.parametrize("template", registered(), ids=lambda template: template.key)
@pytest.mark.usefixtures("installed")
def test_every_registered_message_is_fit_to_be_sent(template: MessageTemplate) -> None:
    assert problems(template) == []


@pytest.mark.parametrize(("language", "word"), [("fr", "Votre code"), ("de", "Ihr Code"), ("en", "Your code")])
@pytest.mark.usefixtures("installed")
def test_a_message_speaks_the_reader_s_language(language: str, word: str) -> None:
    code = templates()[0]
    written = preview(code, Channel.MAIL, language)
    assert word in written.text
    assert word in written.html
    assert f'lang="{language}"' in written.html


def _a_package(tmp_path: Path, **files: str) -> None:
    made = tmp_path / "parvis_probe" / "templates" / "probe" / "messages"
    made.mkdir(parents=True)
    for ending, words in files.items():
        (made / f"x.{ending}").write_text(words)
    folders.use([tmp_path / "parvis_probe"])


def _found(channels: frozenset[Channel]) -> list[str]:
    found = problems(MessageTemplate(key="probe/x", name=Text("Probe"), channels=channels, sample={"name": "Zoé"}))
    folders.use([])
    return found


def test_an_sms_of_two_segments_is_refused(instance: Settings, tmp_path: Path) -> None:
    _a_package(tmp_path, sms="a" * 161)
    assert _found(SMS)[0] == "probe/x (sms, fr): its sample makes 2 SMS; shorten it to one of 160 signs"


def test_a_missing_file_is_refused(instance: Settings, tmp_path: Path) -> None:
    _a_package(tmp_path, subject="x", txt="x")
    assert _found(MAIL)[0].startswith("probe/x (mail, fr): TemplateNotFound")


def test_a_value_the_sample_lacks_is_refused(instance: Settings, tmp_path: Path) -> None:
    _a_package(tmp_path, subject="x", txt="{{ surname }}", html="x")
    assert _found(MAIL)[0].startswith("probe/x (mail, fr): UndefinedError")


def test_an_empty_subject_is_refused(instance: Settings, tmp_path: Path) -> None:
    _a_package(tmp_path, subject=" \n", txt="{{ name }}", html="x")
    assert _found(MAIL)[0] == "probe/x (mail, fr): the subject has 0 signs; write 1 to 120"
