// Buttons that copy a command.

const SHOWN_MS = 1500;

export function copyButtons() {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (!button) return;
    const name = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not let it be copied";
    }
    setTimeout(() => (button.textContent = name), SHOWN_MS);
  });
}
