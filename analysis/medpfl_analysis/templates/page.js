document.querySelectorAll("form.filters").forEach(function (form) {
  var cards = form.parentNode.querySelectorAll(".card"), selects = form.querySelectorAll("select");
  form.hidden = false;
  form.addEventListener("change", function () {
    var shown = 0;
    cards.forEach(function (card) {
      var fits = Array.prototype.every.call(selects, function (select) {
        return !select.value || card.dataset[select.name] === select.value;
      });
      card.hidden = !fits;
      shown += fits;
    });
    form.querySelector("output").textContent = shown + " of " + cards.length + " shown";
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
});
addEventListener("beforeprint", function () {
  document.querySelectorAll("details:not(.long)").forEach(function (details) { details.open = true; });
});
