// Read by the linter only; see routes.py.
function show(node, text) {
  // ruleid: markup-from-text
  node.innerHTML = text;
  // ruleid: markup-from-text
  node.innerHTML += text;
  // ruleid: markup-from-text
  node.outerHTML = text;
  // ruleid: markup-from-text
  node.insertAdjacentHTML("beforeend", text);
  // ruleid: markup-from-text
  document.write(text);
  // ok: markup-from-text
  node.textContent = text;
  // ruleid: code-from-text
  eval(text);
  // ruleid: code-from-text
  const made = new Function(text);
  // ruleid: code-from-text
  setTimeout("show()", 10);
  // ok: code-from-text
  setTimeout(() => show(node, text), 10);
  return made;
}
