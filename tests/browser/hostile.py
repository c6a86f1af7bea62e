"""Texts that strangers may send: each would do something if the page took it for more than text."""

from typing import Final

_MARK: Final = "window.harmed=1"

TEXTS: Final = {
    "a script": f"<script>{_MARK}</script>",
    "an image that fails": f"<img src=x onerror={_MARK}>",
    "an SVG that loads": f"<svg onload={_MARK}><animate onbegin={_MARK} attributeName=x dur=1s></svg>",
    "an SVG with a script": f"<svg><script>{_MARK}</script></svg>",
    "a frame": f"<iframe srcdoc='<script>parent.{_MARK}</script>'></iframe>",
    "the end of whatever it stands in": f"--></title></style></textarea></template></script><script>{_MARK}</script>",
    "the end of an attribute": f'" autofocus onfocus="{_MARK}" x="',
    "the end of an attribute in single quotes": f"' autofocus onfocus='{_MARK}' x='",
    "the end of an attribute without quotes": f"x onmouseover={_MARK} tabindex=0 autofocus onfocus={_MARK}",
    "the end of a string in a script": f"\\\";{_MARK};//';{_MARK};//`;{_MARK};//\u2028{_MARK}",
    "the end of a style": "}*{display:none}@import 'http://elsewhere.example/x.css';",
    "a link that is a script": f"javascript:{_MARK}",
    "a link that is a script, disguised": f" \tjAvA\nscript\t:{_MARK}",
    "a link that is a page": f"data:text/html,<script>{_MARK}</script>",
    "a link to elsewhere": "//elsewhere.example/x",
    "a path to elsewhere": "/\\elsewhere.example/../../x?y#z&%2e%2e%2f%00%",
    "a base": "<base href='http://elsewhere.example/'>",
    "a refresh": "<meta http-equiv=refresh content='0;url=http://elsewhere.example/'>",
    "a style sheet": "<link rel=stylesheet href='http://elsewhere.example/x.css'><style>*{display:none}</style>",
    "a form": "<form action='http://elsewhere.example/'><button autofocus>Sign in</button></form>",
    "templates": "{{7*7}} {% raw %} ${7*7} #{7*7} <%= 7*7 %> @(7*7) {{constructor.constructor('return 7*7')()}}",
    "entities": "&lt;script&gt; &amp;amp; &#60;b&#62; &quot;",
    "a header": "x\r\nSet-Cookie: harmed=1\r\n\r\n<b>x</b>",
    "an event of a stream": 'x\n\ndata: {"harmed":1}\n\nevent: harmed\rdata: 1\u0085data: 2',
    "bidi controls": "\u202eeno \u2066owt\u2069 \u200feerht \u061c four",
    "control characters": "a\u0000b\u0001c\u0008d\u001b[31me\u007ff\u0085g\u009bh",
    "characters without width": "a\u200bb\ufeffc\u00add\u2060e\u034ff",
    "half an emoji": "half \ud83d",
    "names of a prototype": "__proto__",
    "a word without end": "W" * 3_000,
    "many marks on one letter": "z" + "\u0300\u0335\u0489" * 200,
    "spaces only": " \u00a0\u3000 ",
}
"""By what each is."""

OBEYED: Final = """() => [
    ...(window.harmed ? ["a script ran"] : []),
    ...[...document.querySelectorAll("*")].flatMap(one => [...one.attributes])
        .filter(one => /^on|^srcdoc$|^style$/.test(one.name)).map(one => `${one.name}=${one.value}`),
    ...[...document.querySelectorAll("iframe, object, embed, base, style, img, animate, meta[http-equiv]")]
        .map(one => one.outerHTML),
    ...[...document.querySelectorAll("script")].filter(one => !one.src || one.textContent).map(one => one.outerHTML),
    ...[...document.querySelectorAll("[href], [src], [action]")]
        .flatMap(one => ["href", "src", "action"].filter(name => one.hasAttribute(name)).map(name => one[name]))
        .filter(url => typeof url === "string" && !url.startsWith(location.origin + "/")),
    ...(document.documentElement.scrollWidth > innerWidth ? ["wider than the window"] : []),
    ...(document.body.textContent.includes(" 49 ") ? ["a template was rendered"] : []),
]"""
"""A function in JavaScript that lists what only a browser that took one for more than text has made of it."""
