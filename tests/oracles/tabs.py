"""Tabs of the browser that the tests look through."""


class Tab:
    """A tab that notes what it asks for and what it complains of."""

    def __init__(self, browser, **options) -> None:
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, **options}
        )
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        # What a page was still asking for when the next was opened is aborted, and did not fail.
        self.page.on(
            "requestfailed",
            lambda request: (
                request.failure != "net::ERR_ABORTED"
                and self.complaints.append(f"{request.url}: {request.failure}")
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                message.type in ("error", "warning") and self.complaints.append(message.text)
            ),
        )

    def open(self, address: str):
        self.page.goto(address)
        self.page.evaluate("document.fonts.ready")
        return self.page
