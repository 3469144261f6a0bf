import shutil
from pathlib import Path

import pytest

from parvis.errors import Text
from parvis.web import catalogues, folders, i18n

PO = 'msgid "Book this hour"\nmsgstr "{0}"\n\nmsgid "{{n}} left"\nmsgstr "{1}"\n'


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    made = tmp_path / "parvis_pool"
    (made / "templates" / "pool").mkdir(parents=True)
    (made / "locale").mkdir()
    (made / "rules.py").write_text('from parvis.errors import Text\nfull = Text("{n} left", {"n": 0})\n')
    (made / "templates" / "pool" / "x.html").write_text(
        '{% import "web/macros.html" as ui %}{{ _("Book this hour") }}{{ _("Back") }}'
        "{% trans n=2 %}One lane{% pluralize %}{{ n }} lanes{% endtrans %}"
    )
    return made


def _write(plugin: Path, *lines: str) -> None:
    for lang in catalogues.WRITTEN:
        (plugin / "locale" / f"{lang}.po").write_text(PO.format(*lines))


def test_what_nobody_has_written_is_named(plugin: Path) -> None:
    missing = catalogues.check(plugin)
    assert "pool/locale/fr.po: missing: Book this hour" in missing
    assert "pool/locale/de.po: missing: One lane" in missing
    assert not any("Back" in line for line in missing)


def test_what_nobody_says_any_more_is_named(plugin: Path) -> None:
    _write(plugin, "Réserver", "{n} restants")
    (plugin / "rules.py").write_text("")
    assert "pool/locale/fr.po: obsolete: {n} left" in catalogues.check(plugin)


def test_a_placeholder_nobody_fills_is_named(plugin: Path) -> None:
    _write(plugin, "Réserver", "{m} restants")
    assert "pool/locale/fr.po: unknown placeholder: {n} left" in catalogues.check(plugin)


def test_a_sentence_that_two_write_differently_is_named(plugin: Path) -> None:
    _write(plugin, "Réserver", "{n} restants")
    other = plugin.with_name("parvis_rink")
    shutil.copytree(plugin, other)
    assert catalogues.differences([plugin, other]) == []
    _write(other, "Prendre cette heure", "{n} restants")
    assert catalogues.differences([plugin, other]) == [
        "rink/locale/fr.po: not as in pool: Book this hour",
        "rink/locale/de.po: not as in pool: Book this hour",
    ]


def test_an_update_keeps_what_was_written_and_asks_for_the_rest(plugin: Path) -> None:
    _write(plugin, "Réserver", "{n} restants")
    catalogues.update(plugin)
    assert catalogues.check(plugin) == [
        "pool/locale/fr.po: missing: One lane",
        "pool/locale/de.po: missing: One lane",
    ]
    again = (plugin / "locale" / "fr.po").read_bytes()
    catalogues.update(plugin)
    assert (plugin / "locale" / "fr.po").read_bytes() == again


def test_a_plugins_words_are_read_and_change_none_of_the_platforms(plugin: Path) -> None:
    _write(plugin, "Réserver cette heure", "{n} restants")
    with (plugin / "locale" / "fr.po").open("a") as file:
        file.write('\nmsgid "Back"\nmsgstr "Retour au bassin"\n')
    folders.use([plugin])
    try:
        assert i18n.translate("Book this hour", "fr") == "Réserver cette heure"
        assert i18n.translate(Text("{n} left", {"n": 3}), "fr") == "3 restants"
        assert i18n.translate("Back", "fr") == "Retour"
    finally:
        folders.use([])


def test_a_language_we_do_not_speak_is_an_error() -> None:
    with pytest.raises(ValueError, match="xx"):
        i18n.translate("Back", "xx")


@pytest.mark.parametrize(
    ("lang", "n", "form"), [("fr", 0, "libre"), ("fr", 1, "libre"), ("fr", 2, "libres"), ("de", 2, "frei")]
)
def test_counted_words(lang: str, n: int, form: str) -> None:
    assert i18n.plural("free", "free", n, lang, "hours") == form


def test_the_platforms_own_words_are_all_written() -> None:
    web = next(folder for folder in folders.core() if folder.name == "web")
    assert catalogues.check(web) == []


@pytest.mark.parametrize("lang", catalogues.WRITTEN)
def test_french_and_german_are_set_as_they_should_be(lang: str) -> None:
    for folder in folders.core():
        file = folder / "locale" / f"{lang}.po"
        written = (
            [line[7:] for line in file.read_text().splitlines() if line.startswith("msgstr")] if file.is_file() else []
        )
        for line in written:
            assert "'" not in line, (file, line)
            if lang == "fr":
                assert not any(f" {sign}" in line for sign in ":;?!€"), (file, line)
