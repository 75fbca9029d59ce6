"""The page as people meet it: inside the real Airflow, in a real browser, by mouse and by keyboard, light and dark.

Screenshots are kept in .artifacts/screens. Needs chromium; says so and skips without one.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect, sync_playwright
from sqlalchemy import select

from gateway.pipeline.report import totals
from gateway.store.engine import reading
from gateway.store.tables import Batch, PoolCandidate, Profile, Review
from support.pdf_maker import make, resume

from .conftest import PROJECT, Gateway, batches

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
expect.set_options(timeout=20_000)  # a loaded machine is slow, not wrong
SCREENS = PROJECT / ".artifacts" / "screens"
DROP = """(element, files) => {
  const data = new DataTransfer();
  for (const [name, type, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name, {type}));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    element.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
  }
}"""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the browser tests need one"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def sign_in(browser: Browser, gateway: Gateway) -> Iterator[Callable[..., Page]]:
    """sign_in(user, **context): a page of a browser of that user's own. Errors in its console fail the test."""
    opened: list[BrowserContext] = []
    wrong: list[str] = []

    def enter(user: str = "rita", **context: Any) -> Page:
        own = browser.new_context(viewport=context.pop("viewport", {"width": 1400, "height": 900}), **context)
        own.set_default_timeout(20_000)
        opened.append(own)
        page = own.new_page()
        page.goto(f"{gateway.url}/auth/login")
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", gateway.password(user))
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/auth/login" not in url)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
        return page

    yield enter
    for context in opened:
        context.close()
    assert wrong == []


def inside(page: Page, gateway: Gateway, path: str) -> FrameLocator:
    """Our page at that path, as Airflow shows it: in its frame."""
    page.goto(f"{gateway.url}/plugin/candidates/gateway{path}")
    frame = page.frame_locator("iframe")
    expect(frame.locator("main")).to_be_visible()
    return frame


def screenshot(page: Page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")


def one_held(batch_id: str) -> tuple[str, str]:
    with reading() as session:
        row = session.scalars(select(Profile).where(Profile.batch_id == batch_id, Profile.state == "held")).first()
        assert row is not None
        return row.id, row.document_id


def pool_emails() -> list[str]:
    with reading() as session:
        return [c.record["email"] for c in session.scalars(select(PoolCandidate))]


def test_a_recruiter_drops_files_watches_them_and_fixes_one_by_keyboard(
    gateway: Gateway, sign_in: Callable[..., Page], tmp_path: Path
) -> None:
    page, known = sign_in("rita"), batches()
    frame = inside(page, gateway, "/")
    frame.get_by_role("link", name="Recruit").click()
    expect(frame.get_by_role("heading", name="Recruit")).to_be_visible()
    expect(frame.locator("#preflight")).to_contain_text("accepts candidates")
    expect(page).to_have_url(re.compile("/plugin/candidates/gateway/agents/recruit"))
    screenshot(page, "agent")

    fine = make(tmp_path / "a.pdf", resume("Nadia Verlaine", "nadia.verlaine@example.com", "+1 415 555 0134"))
    lacking = resume("Piet Morgenstern", "", "+1 206 555 0190")
    files = [
        ["nadia.pdf", "application/pdf", list(fine.read_bytes())],
        ["piet.pdf", "application/pdf", list(make(tmp_path / "b.pdf", lacking).read_bytes())],
        ["list.csv", "text/csv", list(b"Name,Email,Phone\nOle Brandvold,ole.brandvold@example.org,+1 503 555 0171\n")],
        ["broken.pdf", "application/pdf", list(b"%PDF-1.4 nothing of the kind")],
    ]
    frame.locator("#drop").evaluate(DROP, files)
    expect(frame.locator("#files tr")).to_have_count(4)
    expect(frame.locator("#files")).to_contain_text("CSV")
    expect(frame.locator("[data-submit=ingest]")).to_be_enabled()
    screenshot(page, "upload")
    frame.locator("[data-submit=ingest]").click()

    expect(page).to_have_url(re.compile(r"/gateway/batches/b\d"), timeout=30_000)
    batch_id = gateway.next_batch(known)
    assert gateway.finished(batch_id) == "success", "the run has the batch's id, and the visitor's right started it"
    with reading() as session:
        assert session.get_one(Batch, batch_id).uploaded_by == "rita"
    # Live: nobody reloads the page.
    expect(frame.locator("[data-counts]").first).to_contain_text("3 success + 1 failed + 0 processing", timeout=30_000)
    expect(frame.locator("[data-counts]").first).to_contain_text("2 ingested + 1 held")
    expect(frame.get_by_text("Waiting for review").first).to_be_visible(timeout=30_000)
    screenshot(page, "results")
    assert totals(batch_id).add_up()

    profile_id, _ = one_held(batch_id)
    frame = inside(page, gateway, f"/review/{profile_id}?batch={batch_id}")
    expect(frame.locator("#v-email")).to_be_visible()
    frame.locator("main img").first.evaluate("async (image) => { await image.decode(); }")
    screenshot(page, "desk")
    started = time.monotonic()
    frame.locator("main").press("e")
    expect(frame.locator("#v-email")).to_be_focused()
    page.keyboard.type("piet.morgenstern@example.net")
    page.keyboard.press("Control+Enter")
    gateway.wait_for(lambda: totals(batch_id).held == 0, 20, "the decision")
    took = time.monotonic() - started
    print(f"one-field fix by keyboard, machine's part: {took:.1f} s")
    assert took < 20
    gateway.wait_for(lambda: totals(batch_id).delivered == 3, 90, "deliver_reviewed")
    assert pool_emails().count("piet.morgenstern@example.net") == 1
    with reading() as session:
        decided = session.scalars(select(Review).where(Review.profile_id == profile_id)).all()
    assert [(row.decision, row.reviewer) for row in decided] == [("correct", "rita")]
    state = f"/dags/review_batch/dagRuns/review-{batch_id}"
    gateway.wait_for(lambda: gateway.api("GET", state)["state"] == "success", 120, "the required action to close")


def test_evidence_shows_every_value_on_its_page(gateway: Gateway, sign_in: Callable[..., Page]) -> None:
    page = sign_in("ravi")
    with reading() as session:
        found = session.scalars(
            select(Profile).where(Profile.name == "Nadia Verlaine").order_by(Profile.created_at)
        ).first()
    assert found is not None, "made by the test above"
    frame = inside(page, gateway, f"/documents/{found.document_id}")
    image = frame.locator("img").first
    expect(image).to_be_visible()
    assert image.evaluate("async (i) => { await i.decode(); return i.naturalWidth > 300; }")
    value = frame.get_by_text("nadia.verlaine@example.com").first
    value.hover()
    lit = frame.locator("[data-lit], .lit, [aria-current=true]")
    expect(lit.first).to_be_visible()
    screenshot(page, "evidence")


def test_two_reviewers_race_and_the_second_is_told(gateway: Gateway, sign_in: Callable[..., Page]) -> None:
    known = batches()
    gateway.drop({"race.csv": b"Name,Email,Phone\nUna Kestrel,,+1 503 555 0181\nVito Amsel,,+1 503 555 0182\n"})
    batch_id = gateway.next_batch(known)
    assert gateway.finished(batch_id) == "success"
    profile_id, _ = one_held(batch_id)
    first, second = sign_in("rita"), sign_in("ravi")
    frames = [inside(page, gateway, f"/review/{profile_id}?batch={batch_id}") for page in (first, second)]
    expect(frames[1].locator("#said")).to_contain_text("rita")
    frames[0].locator("main").press("d")
    gateway.wait_for(lambda: totals(batch_id).discarded == 1, 20, "rita's decision")
    frames[1].locator("main").press("a")
    expect(second.frame_locator("iframe").locator("body")).to_contain_text(re.compile("rita", re.I))
    with reading() as session:
        decided = session.scalars(select(Review).where(Review.profile_id == profile_id)).all()
    assert [(row.decision, row.reviewer) for row in decided] == [("discard", "rita")]
    screenshot(second, "second-reviewer")


def test_a_drop_goes_on_after_the_server_was_away(
    gateway: Gateway, sign_in: Callable[..., Page], tmp_path: Path
) -> None:
    page, known = sign_in("rita"), batches()
    frame = inside(page, gateway, "/agents/recruit")
    page.context.set_offline(True)
    rows = [[f"{number}.csv", "text/csv", list(f"name,email\nAda {number},\n".encode())] for number in range(12)]
    frame.locator("#drop").evaluate(DROP, rows)
    expect(frame.locator("#files")).to_contain_text("sent again automatically")
    page.context.set_offline(False)
    expect(frame.locator("#summary")).to_contain_text("12 ready", timeout=30_000)
    # Nobody of an upload without ingesting is sent by itself; an answer in Airflow shows on the open page.
    frame.locator("[data-submit=review]").click()
    batch_id = gateway.next_batch(known)
    assert gateway.finished(batch_id) == "success"
    expect(frame.locator("[data-counts]").first).to_contain_text("12 held", timeout=30_000)
    asked = f"/dags/review_batch/dagRuns/review-{batch_id}/taskInstances/decide/-1/hitlDetails"
    answer = {"chosen_options": ["Discard all held"], "params_input": {}}
    gateway.wait_for(lambda: gateway.session.get(f"{gateway.url}/api/v2{asked}").ok, 60, "the required action")
    gateway.api("PATCH", asked, json=answer)
    expect(frame.locator("[data-counts]").first).to_contain_text("0 held", timeout=60_000)


def test_a_viewer_sees_shapes_instead_of_people(gateway: Gateway, sign_in: Callable[..., Page]) -> None:
    page = sign_in("vera")
    frame = inside(page, gateway, f"/batches/{gateway.batch_id}")
    expect(frame.locator("body")).to_contain_text("masked")
    with reading() as session:
        people = session.scalars(select(Profile).where(Profile.batch_id == gateway.batch_id)).all()
    text = frame.locator("body").inner_text()
    for person in people:
        assert person.name not in text
        assert not person.email or person.email not in text


PAGES = {
    "agents": "/",
    "agent": "/agents/recruit",
    "batches": "/batches",
    "batch": "/batches/{batch}",
    "review": "/review",
    "desk": "/review/{profile}",
    "document": "/documents/{document}",
    "analytics": "/analytics",
    "codes": "/codes",
    "code": "/codes/EMAIL_MISSING",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_in_both_lights_without_a_serious_barrier(
    gateway: Gateway, sign_in: Callable[..., Page], theme: str
) -> None:
    page = sign_in("rita")
    profile, document = one_held(gateway.batch_id)
    page.evaluate(f"localStorage.setItem('theme', '{theme}')")
    serious: list[str] = []
    for name, path in PAGES.items():
        path = path.format(batch=gateway.batch_id, profile=profile, document=document)
        frame = inside(page, gateway, path)
        expect(frame.locator("html")).to_have_attribute("data-theme", theme)
        page.wait_for_timeout(600)  # pictures; the host polls for ever, so there is no idle to wait for
        screenshot(page, f"{name}-{theme}")
        page.goto(f"{gateway.url}/gateway{path}")
        for found in Axe().run(page).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                serious += [f"{name}: {found['id']} {node['target']}" for node in found["nodes"][:3]]
    assert serious == []


def test_on_a_phone_nothing_is_cut_off(gateway: Gateway, sign_in: Callable[..., Page]) -> None:
    page = sign_in("rita", viewport={"width": 390, "height": 844})
    profile, document = one_held(gateway.batch_id)
    for name, path in PAGES.items():
        page.goto(f"{gateway.url}/gateway{path.format(batch=gateway.batch_id, profile=profile, document=document)}")
        expect(page.locator("main")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        screenshot(page, f"{name}-phone")
        assert wide <= 1, f"{name} is {wide} px wider than a phone"


def test_pages_can_be_read_with_scripts_off(gateway: Gateway, sign_in: Callable[..., Page], browser: Browser) -> None:
    cookies = sign_in("rita").context.cookies()
    still = browser.new_context(java_script_enabled=False)
    still.add_cookies(cookies)
    page = still.new_page()
    profile, document = one_held(gateway.batch_id)
    for path in PAGES.values():
        answer = page.goto(
            f"{gateway.url}/gateway{path.format(batch=gateway.batch_id, profile=profile, document=document)}"
        )
        assert answer is not None
        assert answer.status == 200
    page.goto(f"{gateway.url}/gateway/batches/{gateway.batch_id}?state=failed")
    assert "ENCRYPTED_PDF" in page.content()
    still.close()


def test_the_run_in_airflow_has_a_tab_with_its_batch(gateway: Gateway, sign_in: Callable[..., Page]) -> None:
    page = sign_in("rita")
    page.goto(f"{gateway.url}/dags/ingest_batch/runs/{gateway.batch_id}/plugin/candidates-of-run")
    expect(page.frame_locator("iframe").locator("main")).to_contain_text(gateway.batch_id, timeout=30_000)
    screenshot(page, "run-tab")


def test_the_trigger_forms_take_what_their_hints_say(gateway: Gateway, sign_in: Callable[..., Page]) -> None:
    """What may stay empty stays empty, Trigger is not grey, and the run is there: twice within a minute."""
    page, known = sign_in("admin"), batches()
    for number in (1, 2):
        form = trigger_form(page, gateway, "ingest_batch")
        form.get_by_role("combobox").nth(0).click()
        page.get_by_role("option", name="backend-engineer").click()
        form.locator("#element_path").fill("include/samples/backend-engineer")
        form.get_by_role("button", name="Trigger", exact=True).click()
        gateway.wait_for(lambda n=number: len(batches() - known) == n, 60, f"batch {number} of the form")
    screenshot(page, "trigger-ingest")
    for batch_id in batches() - known:
        gateway.finished(run_of(batch_id))
        assert totals(batch_id).add_up()
        assert totals(batch_id).received > 0
    form = trigger_form(page, gateway, "replay_batch")
    form.get_by_role("combobox").nth(0).click()
    page.get_by_role("option", name="backend-engineer").click()
    form.get_by_role("button", name="Trigger", exact=True).click()

    def replayed() -> list[str]:
        return [run["state"] for run in gateway.api("GET", "/dags/replay_batch/dagRuns")["dag_runs"]]

    gateway.wait_for(lambda: replayed() == ["success"], 120, "the what-if of the form")


def trigger_form(page: Page, gateway: Gateway, dag_id: str) -> Locator:
    page.goto(f"{gateway.url}/dags/{dag_id}")
    page.get_by_role("button", name="Trigger").first.click()
    form = page.get_by_role("dialog")
    expect(form.locator("[name^=element_]").first).to_be_attached()
    return form


def run_of(batch_id: str) -> str:
    with reading() as session:
        return str(session.get_one(Batch, batch_id).run_id)
