// This page answered a form. Going back to it, or loading it again, would otherwise end at
// the browser's own question whether to send the form once more, as nothing here is cached.

history.replaceState(null, "", document.currentScript.dataset.at);
