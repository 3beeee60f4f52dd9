// Package terraformtest checks the infrastructure that a target writes with the
// real terraform, and without a cloud, an account or a network.
//
// In place of a cloud's provider, terraform runs one of this repository, from
// tools/terraform: it serves the schema of the real one, plans what is unset as
// unknown, says which changes replace what holds data, and invents values on apply.
// It is built once and kept in the user's cache folder.
//
// A root module is opened, which formats, initializes and validates it, and then
// run with variables, which plans and applies it, plans it again without a change,
// and searches plan and state for secrets:
//
//	files, err := Target().Own(ctx, site)
//	m := terraformtest.Open(t, terraformtest.Root{Files: files, Dir: "infra/gcp", Stack: stack})
//	m.Test(t) // terraform test
//	for _, set := range terraformtest.Pairs(options) {
//		r := m.Run(t, terraformtest.With{VarFiles: []string{"environments/production.tfvars"}, Set: set})
//		terraformtest.Hold(t, "gcp", r) // each rule
//		if r.Plan.Count("google_sql_database_instance") != 1 { … }
//	}
//
// What is proved of it:
//
//   - terraform accepts the files, with the arguments that the provider's schema has
//     in the version that tools/terraform/README.md names. Values, and arguments that
//     exclude each other, are checked as far as facts.json there lists them.
//   - [Rules] hold for what is planned: what a cloud would accept and should not be.
//   - [Mutations] are faults put into the files, each caught by what it names.
//   - [Addresses] are those of the last release: a resource that holds data is never
//     destroyed because it has another name now.
//
// What a cloud refuses for other reasons (names that are taken, quotas, rights) is
// not seen.
//
// Where terraform is missing, tests are skipped, and fail if CI is "true".
package terraformtest
