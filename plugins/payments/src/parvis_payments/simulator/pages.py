"""The simulated payment page: a button for each thing a payer, or the service, may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import Any

from litestar.background_tasks import BackgroundTask
from litestar.response import Redirect

_PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
*{{box-sizing:border-box}}body{{margin:0;background:#eef0f7;color:#1b1b2f;font:1.125rem/1.5 system-ui,sans-serif}}
main{{max-width:36rem;margin:0 auto;padding:1.5rem 1rem 3rem}}
h1{{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}}
.note,.said{{margin:0 0 1rem;padding:.75rem 1rem;border-left:4px solid #8a5a00;background:#fff4d6}}
.said{{border-color:#a1242b;background:#fcebea}}
dl{{margin:0 0 1.5rem;padding:0 1rem;background:#fff;border:1px solid #c6c9dc;border-radius:8px}}
dl div{{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1.5rem;padding:.75rem 0}}
dl div+div{{border-top:1px solid #c6c9dc}}dt{{color:#50546f}}dd{{margin:0;font-weight:600}}
button{{display:block;width:100%;min-height:48px;margin:0 0 .5rem;padding:.625rem 1rem;font:inherit;text-align:left;
background:#fff;color:#1b1b2f;border:1px solid #6a6f94;border-radius:8px;cursor:pointer}}
button:hover{{background:#f2f3fa}}button.pay{{background:#1a3d7c;border-color:#1a3d7c;color:#fff;font-weight:600}}
button.pay:hover{{background:#122c5b}}button:focus-visible{{outline:3px solid #1b4ed8;outline-offset:2px}}
</style></head>
<body><main><h1>{title}</h1><p class="note">Simulation sur cette machine : aucun argent ne circule.</p>
{body}</main></body></html>"""


def payment(
    title: str, facts: Sequence[tuple[str, str]], buttons: Sequence[tuple[str, str]], name: str = "act", said: str = ""
) -> str:
    """The page of a payment, `said` standing above its buttons, which are (value, text) and send their value as `name`;
    the first one pays."""
    told = "".join(f"<div><dt>{escape(fact)}</dt><dd>{escape(value)}</dd></div>" for fact, value in facts)
    offered = "".join(
        f'<button name="{name}" value="{escape(value)}"{" class=pay" if not n else ""}>{escape(text)}</button>'
        for n, (value, text) in enumerate(buttons)
    )
    alert = f'<p class="said" role="alert">{escape(said)}</p>' if said else ""
    body = f'<dl>{told}</dl>{alert}<form method="post">{offered}</form>'
    return _PAGE.format(title=escape(title), body=body)


def told(title: str, sentence: str) -> str:
    """A page that says something."""
    return _PAGE.format(title=escape(title), body=f"<p>{escape(sentence)}</p>")


def euros(cents: int) -> str:
    """An amount as the page shows it.

    >>> euros(123450)
    '1234,50\xa0€'
    """
    return f"{cents // 100},{cents % 100:02}\u00a0€"


async def led_back(address: str, first: bool, tell: Callable[..., Awaitable[None]], *what: Any) -> Redirect:
    """The payer is led back, and the instance told of it before (`first`) or meanwhile."""
    if first:
        await tell(*what)
        return Redirect(address, status_code=303)
    return Redirect(address, status_code=303, background=BackgroundTask(tell, *what))
