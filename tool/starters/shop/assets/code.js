// The code of a link in a mail is in the URL's fragment, which browsers do not
// send. This puts it into the form, and out of the address bar. Without scripts,
// the visitor copies it from the mail.
const code = location.hash.slice(1)
const field = document.querySelector("input[name=code]")
if (code && field) {
	field.value = decodeURIComponent(code)
	field.closest(".field").hidden = true
	history.replaceState(history.state, "", location.pathname + location.search)
	field.form.querySelector("button").focus()
}
