// Every route of the service, drawn by Swagger UI from the service's own description. Classic scripts, as the bundle is one.
const theme = document.documentElement.dataset.theme;
const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.classList.toggle("dark-mode", isDark);

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // Its default sends the description to another host, to be judged there.
  validatorUrl: null,
});
