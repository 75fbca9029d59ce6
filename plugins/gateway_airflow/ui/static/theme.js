// Sets light or dark before the first paint, like the host: Airflow keeps "light" or "dark" as a class of its <html>.
// Not a module: modules wait for the document.
(() => {
  const own = document.documentElement;
  let host = null;
  try {
    if (window.parent !== window) host = window.parent.document.documentElement;
  } catch { host = null; }
  const chosen = () => {
    if (host?.classList.contains("dark")) return "dark";
    if (host?.classList.contains("light")) return "light";
    let kept = null;
    try { kept = localStorage.getItem("theme"); } catch { kept = null; }
    if (kept === "dark" || kept === "light") return kept;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  };
  const apply = () => { own.dataset.theme = chosen(); };
  apply();
  if (host) new MutationObserver(apply).observe(host, { attributes: true, attributeFilter: ["class"] });
  else addEventListener("storage", apply);
  if (host) own.dataset.framed = "";
})();
