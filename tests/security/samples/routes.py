"""Read by the linter only: what it must find stands under `ruleid:`, what it must let through under `ok:`."""


# ruleid: route-without-guard
@get("/open")
async def unguarded() -> None: ...


# ruleid: route-without-guard
@post("/open", guards=[], status_code=303)
async def without_any() -> None: ...


# ruleid: route-without-guard
@delete("/open", opt={"public": False})
async def not_public() -> None: ...


# ok: route-without-guard
@get("/account", guards=[guards.account()], **guards.declared("signed-in"))
async def guarded() -> None: ...


# ok: route-without-guard
@get("/office/{emitter:str}", **guards.page(guards.staff("office.enter"), "agent"))
async def page() -> None: ...


# ok: route-without-guard
@get("/static/{path:path}", opt={"public": True})
async def static() -> None: ...


# ok: route-without-guard
@cached("/open")
async def no_route() -> None: ...


async def back(request, form, after: Annotated[str, QueryParameter(name="next")] = "/"):
    # ruleid: redirect-to-what-was-asked
    pages.see_other(after)
    # ruleid: redirect-to-what-was-asked
    pages.see_other(request.query_params["next"])
    # ruleid: redirect-to-what-was-asked
    see_other(form.text("back"))
    # ruleid: redirect-to-what-was-asked
    Redirect(path=request.headers["referer"])
    asked = form.value.back
    # ruleid: redirect-to-what-was-asked
    pages.see_other(f"{asked}?kept=yes")
    # ok: redirect-to-what-was-asked
    pages.see_other(local_path(after))
    # ok: redirect-to-what-was-asked
    pages.see_other(f"/login?next={quote(after)}")
    # ok: redirect-to-what-was-asked
    pages.see_other(f"{here.base}/out/{form.text('booking')}")


async def addresses(email, booking):
    # ruleid: personal-data-in-address
    urlencode({"email": email})
    # ruleid: personal-data-in-address
    urlencode([("page", 1), ("phone", email)])
    # ok: personal-data-in-address
    urlencode({"booking": booking})


def cookies(answer):
    # ruleid: careless-cookie
    Cookie("seen", value="yes", samesite="lax", secure=True)
    # ruleid: careless-cookie
    answer.set_cookie("seen", "yes", httponly=True, secure=True)
    # ruleid: careless-cookie
    Cookie("seen", value="yes", httponly=False, samesite="lax", secure=True)
    # ok: careless-cookie
    Cookie("seen", value="yes", secure=settings.secure, samesite="lax", httponly=True)
