// The objects that are written, with the fields that are used.

package kubernetes

import "github.com/gorgon-go/gorgon/deploy/pod"

type kustomization struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Resources  []string `yaml:"resources"`
}

type serviceAccount struct {
	pod.Object `yaml:",inline"`
	Automount  bool `yaml:"automountServiceAccountToken"`
}

type configMap struct {
	pod.Object `yaml:",inline"`
	Data       map[string]pod.Quoted `yaml:"data"`
}

type secret struct {
	pod.Object `yaml:",inline"`
	Type       string                `yaml:"type"`
	StringData map[string]pod.Quoted `yaml:"stringData"`
}

type deployment struct {
	pod.Object `yaml:",inline"`
	Spec       deploymentSpec `yaml:"spec"`
}

type deploymentSpec struct {
	Replicas                int      `yaml:"replicas,omitempty"`
	RevisionHistoryLimit    int      `yaml:"revisionHistoryLimit"`
	ProgressDeadlineSeconds int      `yaml:"progressDeadlineSeconds"`
	Strategy                strategy `yaml:"strategy"`
	Selector                selector `yaml:"selector"`
	Template                template `yaml:"template"`
}

type strategy struct {
	Type          string   `yaml:"type"`
	RollingUpdate *rolling `yaml:"rollingUpdate,omitempty"`
}

type rolling struct {
	MaxUnavailable int `yaml:"maxUnavailable"`
	MaxSurge       int `yaml:"maxSurge"`
}

type selector struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

type template struct {
	Metadata pod.Metadata `yaml:"metadata"`
	Spec     podSpec      `yaml:"spec"`
}

type podSpec struct {
	ServiceAccountName            string          `yaml:"serviceAccountName"`
	AutomountServiceAccountToken  bool            `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            bool            `yaml:"enableServiceLinks"`
	RestartPolicy                 string          `yaml:"restartPolicy,omitempty"`
	TerminationGracePeriodSeconds int             `yaml:"terminationGracePeriodSeconds,omitempty"`
	SecurityContext               podSecurity     `yaml:"securityContext"`
	TopologySpreadConstraints     []spread        `yaml:"topologySpreadConstraints,omitempty"`
	InitContainers                []pod.Container `yaml:"initContainers,omitempty"`
	Containers                    []pod.Container `yaml:"containers"`
	Volumes                       []volume        `yaml:"volumes"`
}

type podSecurity struct {
	RunAsNonRoot        bool    `yaml:"runAsNonRoot"`
	RunAsUser           int     `yaml:"runAsUser"`
	RunAsGroup          int     `yaml:"runAsGroup"`
	FSGroup             int     `yaml:"fsGroup"`
	FSGroupChangePolicy string  `yaml:"fsGroupChangePolicy,omitempty"`
	SeccompProfile      profile `yaml:"seccompProfile"`
}

type profile struct {
	Type string `yaml:"type"`
}

type spread struct {
	MaxSkew           int      `yaml:"maxSkew"`
	TopologyKey       string   `yaml:"topologyKey"`
	WhenUnsatisfiable string   `yaml:"whenUnsatisfiable"`
	LabelSelector     selector `yaml:"labelSelector"`
}

type volume struct {
	Name     string    `yaml:"name"`
	EmptyDir *emptyDir `yaml:"emptyDir,omitempty"`
	Claim    *claimRef `yaml:"persistentVolumeClaim,omitempty"`
}

type emptyDir struct {
	SizeLimit string `yaml:"sizeLimit"`
}

type claimRef struct {
	ClaimName string `yaml:"claimName"`
}

type claim struct {
	pod.Object `yaml:",inline"`
	Spec       claimSpec `yaml:"spec"`
}

type claimSpec struct {
	AccessModes []string      `yaml:"accessModes"`
	Resources   pod.Resources `yaml:"resources"`
}

type service struct {
	pod.Object `yaml:",inline"`
	Spec       serviceSpec `yaml:"spec"`
}

type serviceSpec struct {
	Selector map[string]string `yaml:"selector"`
	Ports    []servicePort     `yaml:"ports"`
}

type servicePort struct {
	Name       string `yaml:"name"`
	Port       int    `yaml:"port"`
	TargetPort string `yaml:"targetPort"`
}

type ingress struct {
	pod.Object `yaml:",inline"`
	Spec       ingressSpec `yaml:"spec"`
}

type ingressSpec struct {
	TLS   []ingressTLS  `yaml:"tls,omitempty"`
	Rules []ingressRule `yaml:"rules"`
}

type ingressTLS struct {
	Hosts      []string `yaml:"hosts"`
	SecretName string   `yaml:"secretName"`
}

type ingressRule struct {
	Host string      `yaml:"host,omitempty"`
	HTTP ingressHTTP `yaml:"http"`
}

type ingressHTTP struct {
	Paths []ingressPath `yaml:"paths"`
}

type ingressPath struct {
	Path     string         `yaml:"path"`
	PathType string         `yaml:"pathType"`
	Backend  ingressBackend `yaml:"backend"`
}

type ingressBackend struct {
	Service ingressService `yaml:"service"`
}

type ingressService struct {
	Name string   `yaml:"name"`
	Port pod.Name `yaml:"port"`
}

type autoscaler struct {
	pod.Object `yaml:",inline"`
	Spec       autoscalerSpec `yaml:"spec"`
}

type autoscalerSpec struct {
	ScaleTargetRef scaleTarget `yaml:"scaleTargetRef"`
	MinReplicas    int         `yaml:"minReplicas"`
	MaxReplicas    int         `yaml:"maxReplicas"`
	Metrics        []metric    `yaml:"metrics"`
}

type scaleTarget struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Name       string `yaml:"name"`
}

type metric struct {
	Type     string         `yaml:"type"`
	Resource metricResource `yaml:"resource"`
}

type metricResource struct {
	Name   string       `yaml:"name"`
	Target metricTarget `yaml:"target"`
}

type metricTarget struct {
	Type               string `yaml:"type"`
	AverageUtilization int    `yaml:"averageUtilization"`
}

type disruption struct {
	pod.Object `yaml:",inline"`
	Spec       disruptionSpec `yaml:"spec"`
}

type disruptionSpec struct {
	MaxUnavailable int      `yaml:"maxUnavailable"`
	Selector       selector `yaml:"selector"`
}

type networkPolicy struct {
	pod.Object `yaml:",inline"`
	Spec       networkPolicySpec `yaml:"spec"`
}

type networkPolicySpec struct {
	PodSelector selector      `yaml:"podSelector"`
	PolicyTypes []string      `yaml:"policyTypes"`
	Ingress     []networkRule `yaml:"ingress"`
}

type networkRule struct {
	Ports []networkPort `yaml:"ports"`
}

type networkPort struct {
	Protocol string `yaml:"protocol"`
	Port     string `yaml:"port"`
}

type cronJob struct {
	pod.Object `yaml:",inline"`
	Spec       cronJobSpec `yaml:"spec"`
}

type cronJobSpec struct {
	Schedule                   string      `yaml:"schedule"`
	ConcurrencyPolicy          string      `yaml:"concurrencyPolicy"`
	StartingDeadlineSeconds    int         `yaml:"startingDeadlineSeconds"`
	SuccessfulJobsHistoryLimit int         `yaml:"successfulJobsHistoryLimit"`
	FailedJobsHistoryLimit     int         `yaml:"failedJobsHistoryLimit"`
	JobTemplate                jobTemplate `yaml:"jobTemplate"`
}

type jobTemplate struct {
	Spec jobSpec `yaml:"spec"`
}

type job struct {
	pod.Object `yaml:",inline"`
	Spec       jobSpec `yaml:"spec"`
}

type jobSpec struct {
	BackoffLimit            int      `yaml:"backoffLimit"`
	ActiveDeadlineSeconds   int      `yaml:"activeDeadlineSeconds"`
	TTLSecondsAfterFinished int      `yaml:"ttlSecondsAfterFinished,omitempty"`
	Template                template `yaml:"template"`
}
