"use strict";
// Buttons that copy commands. Without a clipboard the command is selected instead.
for (const pre of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent.trim());
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  pre.parentElement.append(button);
}
// A figure opens large; without this script its link opens the file.
const dialog = document.querySelector("dialog");
for (const link of document.querySelectorAll("a.large")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const [shown, image] = [dialog.querySelector("img"), link.querySelector("img")];
    [shown.src, shown.alt] = [image.src, image.alt];
    dialog.showModal();
  });
}
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
// What a link points to is shown, even inside closed details.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
  }
  target?.scrollIntoView();
}
addEventListener("hashchange", reveal);
if (location.hash) reveal();
// On a narrow screen the contents close once a section is chosen.
const contents = document.querySelector("nav details");
contents.addEventListener("click", (event) => {
  if (event.target.closest("a")) contents.open = false;
});
