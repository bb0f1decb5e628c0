document.addEventListener("click", function (event) {
  if (event.target.tagName === "BUTTON") {
    navigator.clipboard.writeText(event.target.previousElementSibling.textContent).then(function () {
      event.target.textContent = "copied";
    });
  }
});
