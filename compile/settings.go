// The settings that a program was built with, and those of its release.

package compile

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// settings are the build settings of the program.
type settings struct {
	tags    string
	ldflags string
	flags   []string // further flags of the go command
	env     []string // variables of the go command, for this architecture
	cgoEnv  []string // those of the C compiler
	cgo     bool
	trimmed bool // the program does not say its ldflags
}

// settingsOf reads the settings that the go command wrote into a program. It
// refuses those that a release cannot have, and those that it does not know.
func settingsOf(recorded []debug.BuildSetting) (s settings, refused []string) {
	refuse := func(format string, args ...any) { refused = append(refused, fmt.Sprintf(format, args...)) }
	for _, r := range recorded {
		switch key, value := r.Key, r.Value; key {
		case "-tags":
			s.tags = value
		case "-ldflags":
			s.ldflags = value
		case "-gcflags", "-asmflags":
			s.flags = append(s.flags, key+"="+value)
		case "-pgo":
			if filepath.IsAbs(value) { // otherwise the name of the default one
				s.flags = append(s.flags, key+"="+value)
			}
		case "-trimpath":
			s.trimmed = value == "true"
		case "-race", "-msan", "-asan", "-cover":
			refuse("it is built with %s, which is for tests: leave it out of GOFLAGS", key)
		case "-buildmode":
			if value != "exe" {
				refuse("it is built with -buildmode=%s, and a release is a static executable: leave it out of GOFLAGS", value)
			}
		case "-compiler":
			if value != "gc" {
				refuse("it is built with -compiler=%s, and a release is compiled with gc: leave it out of GOFLAGS", value)
			}
		case "CGO_ENABLED":
			s.cgo = value == "1"
		case "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS":
			s.cgoEnv = append(s.cgoEnv, key+"="+value)
		case "DefaultGODEBUG", "GOOS", "GOARCH", "-gccgoflags": // said by the source, or for each release
		default:
			if !strings.HasPrefix(key, "GO") {
				refuse("it is built with %s=%s, which deploy cannot carry over: leave it out of GOFLAGS", key, value)
				continue
			}
			s.env = append(s.env, key+"="+value) // GOEXPERIMENT, GOFIPS140, GOAMD64 and its like
		}
	}
	return s, refused
}

// again are the flags and variables that the program was compiled with.
func (s settings) again() (flags, env []string) {
	flags = append(flags, s.flags...)
	if s.tags != "" {
		flags = append(flags, "-tags="+s.tags)
	}
	if s.ldflags != "" && !s.trimmed { // otherwise GOFLAGS sets them
		flags = append(flags, "-ldflags="+s.ldflags)
	}
	if s.trimmed {
		flags = append(flags, "-trimpath")
	}
	env = append(append(env, s.env...), "CGO_ENABLED=0")
	if s.cgo {
		env[len(env)-1] = "CGO_ENABLED=1"
		env = append(env, s.cgoEnv...)
	}
	return flags, env
}

// release are the flags and variables of a release for an architecture.
func (s settings) release(goarch string) (flags, env []string) {
	if s.tags != "" {
		flags = append(flags, "-tags="+s.tags)
	}
	flags = append(flags, "-ldflags="+strings.TrimSpace(s.ldflags+" -s -w"))
	for _, v := range s.env {
		// GOAMD64 and the like apply to one architecture.
		if goarch == runtime.GOARCH || strings.HasPrefix(v, "GOEXPERIMENT=") || strings.HasPrefix(v, "GOFIPS140=") {
			env = append(env, v)
		}
	}
	return append(flags, s.flags...), append(env, "CGO_ENABLED=0")
}

// goEnv returns the go command's own settings, from its environment and from
// 'go env -w'.
func goEnv(ctx context.Context, dir string) (map[string]string, error) {
	out, err := run(ctx, dir, nil, "go", "env", "-json", "GOFLAGS", "GOWORK")
	if err != nil {
		return nil, err
	}
	var env map[string]string
	if err := json.Unmarshal([]byte(out), &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	return env, nil
}

// flagIn returns the last value of a flag in GOFLAGS. As the go command has it, fields are separated by spaces, and one
// that holds spaces stands in quotes.
func flagIn(goflags, name string) (value string) {
	for rest := strings.TrimSpace(goflags); rest != ""; rest = strings.TrimSpace(rest) {
		var field string
		if quote := rest[:1]; quote == `"` || quote == "'" {
			field, rest, _ = strings.Cut(rest[1:], quote)
		} else {
			field, rest, _ = strings.Cut(rest, " ")
		}
		if v, ok := strings.CutPrefix("-"+strings.TrimLeft(field, "-"), "-"+name+"="); ok {
			value = v
		}
	}
	return value
}
