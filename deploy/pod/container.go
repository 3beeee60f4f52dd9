// A container, and what objects have in common.

package pod

// An Object is the beginning of every object.
type Object struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   Metadata `yaml:"metadata"`
}

// Metadata names an object.
type Metadata struct {
	Name        string            `yaml:"name,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]Quoted `yaml:"annotations,omitempty"`
}

// A Container runs an image. The image says what its program is.
type Container struct {
	Name            string    `yaml:"name,omitempty"`
	Image           string    `yaml:"image"`
	Args            []string  `yaml:"args"`
	Ports           []Listen  `yaml:"ports,omitempty"`
	EnvFrom         []Source  `yaml:"envFrom,omitempty"`
	Env             []Env     `yaml:"env,omitempty"`
	Resources       Resources `yaml:"resources,omitempty"`
	StartupProbe    *Probe    `yaml:"startupProbe,omitempty"`
	ReadinessProbe  *Probe    `yaml:"readinessProbe,omitempty"`
	LivenessProbe   *Probe    `yaml:"livenessProbe,omitempty"`
	SecurityContext *Security `yaml:"securityContext,omitempty"`
	VolumeMounts    []Mount   `yaml:"volumeMounts,omitempty"`
}

// A Listen is a port that the container listens on.
type Listen struct {
	Name          string `yaml:"name"`
	ContainerPort int    `yaml:"containerPort"`
}

// A Source is where variables come from all at once.
type Source struct {
	ConfigMapRef Name `yaml:"configMapRef"`
}

// A Name names another object.
type Name struct {
	Name string `yaml:"name"`
}

// An Env is one variable: a value, or the place of a secret.
type Env struct {
	Name      string     `yaml:"name"`
	Value     Quoted     `yaml:"value,omitempty"`
	ValueFrom *ValueFrom `yaml:"valueFrom,omitempty"`
}

// ValueFrom is the place of a secret.
type ValueFrom struct {
	SecretKeyRef Key `yaml:"secretKeyRef"`
}

// A Key is one of a secret's.
type Key struct {
	Name string `yaml:"name"`
	Key  string `yaml:"key"`
}

// Resources are what a container is promised and held to.
type Resources struct {
	Requests *Amounts `yaml:"requests,omitempty"`
	Limits   *Amounts `yaml:"limits,omitempty"`
}

// Amounts are in the units of Kubernetes: "100m" of a processor, "64Mi".
type Amounts struct {
	CPU     string `yaml:"cpu,omitempty"`
	Memory  string `yaml:"memory,omitempty"`
	Storage string `yaml:"storage,omitempty"`
}

// A Probe asks the program how it is.
type Probe struct {
	HTTPGet          Get `yaml:"httpGet"`
	PeriodSeconds    int `yaml:"periodSeconds"`
	TimeoutSeconds   int `yaml:"timeoutSeconds"`
	FailureThreshold int `yaml:"failureThreshold"`
}

// A Get is a request of a probe. Its port is a number or a port's name.
type Get struct {
	Path string `yaml:"path"`
	Port any    `yaml:"port,omitempty"`
}

// A Security says what a container may not do.
type Security struct {
	AllowPrivilegeEscalation bool         `yaml:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   bool         `yaml:"readOnlyRootFilesystem"`
	Capabilities             Capabilities `yaml:"capabilities"`
}

// Capabilities are those that are taken away.
type Capabilities struct {
	Drop []string `yaml:"drop"`
}

// A Mount is where a volume lies in the container.
type Mount struct {
	Name      string `yaml:"name"`
	MountPath string `yaml:"mountPath"`
}
