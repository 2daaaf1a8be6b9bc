// Before the first paint, so that a chosen theme does not flash. A classic script, since modules run later.
const chosen = localStorage.getItem("photfit.theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
