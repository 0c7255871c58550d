"""The report in a real browser: accessible, and as wide and as long as it should be."""

import shutil

import pytest
from conftest import ROOT

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
REPORT = ROOT / "results" / "paper" / "report.html"
WIDTHS = {1280: 800, 390: 844}
"""Widths and heights of a desktop's and a phone's screen, in pixels."""
MOST_SCREENS = 20
"""Length of the report at the study's own size on a desktop, with everything closed."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser, width, **options):
    context = browser.new_context(viewport=dict(width=width, height=WIDTHS[width]), **options)
    page = context.new_page()
    page.goto(REPORT.as_uri())
    return page


def unfold(page):
    page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_serious_barrier(browser, width, scheme):
    page = opened(browser, width, color_scheme=scheme)
    unfold(page)
    found = axe.Axe().run(page).response["violations"]
    serious = {
        one["id"]: [node["html"] for node in one["nodes"][:3]]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
    page.context.close()
    assert not serious


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_does_not_scroll_sideways(browser, width):
    page = opened(browser, width)
    unfold(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert wide <= width


def test_the_report_of_the_study_is_short(browser):
    page = opened(browser, 1280)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.context.close()
    assert height <= MOST_SCREENS * WIDTHS[1280]


def test_commands_are_copied_and_figures_open_large(browser):
    page = opened(browser, 1280, permissions=["clipboard-read", "clipboard-write"])
    button = page.locator("#run .command").get_by_role("button")
    button.click()
    playwright.expect(button).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("snakemake --cores all ") and copied.endswith("/report.html")
    page.locator("#figure-fig4 a.large").click()
    large = page.get_by_role("dialog").get_by_role("img")
    assert large.get_attribute("alt") == page.locator("#figure-fig4 img").get_attribute("alt")
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    page.context.close()


def test_a_link_to_a_claim_opens_its_reasons(browser):
    page = opened(browser, 390)
    page.locator("table.short a[href='#claim-tau_m_visible']").click()
    assert page.locator("#claim-tau_m_visible").is_visible()
    page.context.close()


def test_nothing_is_hidden_on_paper(browser):
    page = opened(browser, 1280)
    page.emulate_media(media="print")
    assert page.locator("#claim-tau_m_visible").is_visible()
    assert not page.locator("nav").is_visible()
    assert page.locator("#arms .raw a").first.is_visible()
    page.context.close()
