"""The simulated payment page: a button for each thing a payer, or the service, may do."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:0 auto;padding:1rem;color:#1b1b2f}}
h1{{font-size:1.4rem}}.note{{background:#fff4d6;padding:.6rem 1rem;border-left:4px solid #8a5a00}}
button{{display:block;width:100%;margin:.5rem 0;padding:.8rem 1rem;font:inherit;text-align:left;background:#f2f3fa;
color:#1b1b2f;border:1px solid #6a6f94;border-radius:4px}}button.pay{{background:#1a3d7c;color:#fff}}
dl{{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem}}dd{{margin:0}}</style></head>
<body><main><h1>{title}</h1><p class="note">Simulation sur cette machine : aucun argent ne circule.</p>
{body}</main></body></html>"""


def payment(title: str, facts: Sequence[tuple[str, str]], buttons: Sequence[tuple[str, str]], name: str = "act") -> str:
    """The page of a payment. Buttons are (value, text) and send their value as `name`; the first one pays."""
    told = "".join(f"<dt>{escape(fact)}</dt><dd>{escape(value)}</dd>" for fact, value in facts)
    offered = "".join(
        f'<button name="{name}" value="{escape(value)}"{" class=pay" if not n else ""}>{escape(text)}</button>'
        for n, (value, text) in enumerate(buttons)
    )
    return _PAGE.format(title=escape(title), body=f'<dl>{told}</dl><form method="post">{offered}</form>')


def told(title: str, sentence: str) -> str:
    """A page that says something."""
    return _PAGE.format(title=escape(title), body=f"<p>{escape(sentence)}</p>")
