//go:build unix

// The effects of what says whose the store is.

package command_test

// checksOfOwner are of the commands that open the store.
func checksOfOwner() map[string]func(*trial) {
	all := map[string]func(*trial){}
	for name, args := range map[string][]string{
		"serve": {"serve", "--addr", "127.0.0.1:0"}, "why": {"why", "/"}, "purge": {"purge", "--all"}, "migrate": {"migrate"}, "maintain": {"maintain"},
	} {
		args = append(args, "--store", "disk:s")
		// opens says whether the command works with the store.
		opens := func(x *trial, more ...string) {
			x.Helper()
			if name == "serve" {
				x.serves(append(append([]string{}, args[1:]...), more...)...).end()
				return
			}
			x.does(append(append([]string{}, args...), more...)...)
		}
		staging := func(x *trial) {
			x.does("build")
			x.does("migrate", "--store", "disk:s", "--environment", "staging", "--take-over")
		}
		all[name+" --environment"] = func(x *trial) {
			staging(x)
			x.fails(1, "belongs to", args...)
			opens(x, "--environment", "staging")
		}
		all[name+" --take-over"] = func(x *trial) {
			staging(x)
			x.fails(1, "belongs to", args...)
			opens(x, "--take-over")
		}
	}
	all["GORGON_ENVIRONMENT"] = func(x *trial) {
		x.does("build")
		x.does("purge", "--all", "--store", "disk:s")
		x.Setenv("GORGON_ENVIRONMENT", "staging")
		x.fails(1, "site/staging", "purge", "--all", "--store", "disk:s")
	}
	return all
}
