// Leads on to the gateway. Coming back by the browser's own button must not send the buyer there again.
const how = performance.getEntriesByType("navigation")[0];
if (!(how && how.type === "back_forward")) document.getElementById("gateway").submit();
