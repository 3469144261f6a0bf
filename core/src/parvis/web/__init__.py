"""Pages: rendering, words, forms, errors, static files. Start here to build a page.

    from msgspec import Struct

    from parvis.web import fields, forms, pages

    class Contact(Struct, frozen=True):
        email: fields.Email
        phone: fields.Phone | None = None

    @get("/contact")
    async def ask(request: Request) -> Response:
        return pages.render(request, "dossiers/contact.html", form=forms.blank())

    @post("/contact")
    async def keep(request: Request) -> Response:
        form = await forms.read(request, Contact)
        if form.errors:
            return pages.render(request, "dossiers/contact.html", status=422, form=form)
        await actions.keep(form.value)              # form.value is a Contact
        return pages.see_other("/contact/done")

The template extends `web/resident.html` (or `web/office.html`) and imports `web/macros.html as ui`; the top of
that file lists every macro. `{{ _("…") }}`, `{% trans %}`, and the filters `day`, `plain_day`, `near_day`, `short_day`,
`hour`, `day_hour`, `month`, `distance`, `money` are always there, in the language of the page; `{{ text }}`
translates a `Text`.
An action's refusals go back to the form: `form.refused(error.refusals)`.
"""
