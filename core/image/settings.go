package image

import "github.com/stackrun/stack/core/compute"

// Settings is what users may say about an image, at any layer. Nil slices,
// maps and pointers were not written; empty ones were, and are empty.
type Settings struct {
	Mode      Mode  `json:"mode" enum:"bundled,prebuilt,custom" doc:"How the image comes to be: bundled builds it with everything in it, custom takes base_image as it is."`
	SkipBuild *bool `json:"skip_build" doc:"Another spelling of mode: custom."`

	BaseImage     string `json:"base_image" doc:"Image to start from; python:<python_version>-slim by default."`
	ParentImage   string `json:"parent_image" doc:"Another spelling of base_image."`
	PythonVersion string `json:"python_version" default:"3.12" doc:"Version of Python, such as 3.12, of the default base image."`

	Dockerfile       string `json:"dockerfile" doc:"Dockerfile to build first; further settings go on top of it."`
	BuildContextRoot string `json:"build_context_root" doc:"Folder that the Dockerfile copies from; the Dockerfile's own by default."`

	Requirements    *Requirements     `json:"requirements" merge:"names" doc:"Python packages: a list of PEP 508 requirements, or the path of a requirements file."`
	Installer       Installer         `json:"python_package_installer" enum:"uv,pip" default:"uv" doc:"What installs Python packages."`
	InstallerArgs   InstallerArgs     `json:"python_package_installer_args" merge:"null" doc:"Options of the installer; null is a flag without a value."`
	IndexURL        string            `json:"index_url" doc:"Package index to use in place of the default one."`
	ExtraIndexURLs  []string          `json:"extra_index_urls" doc:"Further package indexes."`
	Pre             *bool             `json:"pre" doc:"Allow pre-releases of Python packages."`
	AptPackages     []string          `json:"apt_packages" doc:"Debian packages, such as git or libgomp1."`
	Commands        []string          `json:"commands" doc:"Shell scripts that run during the build, each one on its own."`
	Environment     map[string]string `json:"environment" doc:"Environment variables, set before anything is installed. Never for secrets."`
	RuntimeEnv      map[string]string `json:"runtime_environment" doc:"Environment variables, set after everything is installed. Never for secrets."`
	User            string            `json:"user" doc:"User that steps run as and that owns the work directory."`
	Workdir         string            `json:"workdir" default:"/app" doc:"Work directory of steps; the source is copied there."`
	Dockerignore    string            `json:"dockerignore" doc:"File of patterns that say what is not source; .dockerignore in the source root by default."`
	Build           *BuildOptions     `json:"build" doc:"Options of the generated build."`
	DockerfileBuild *DockerfileBuild  `json:"dockerfile_build" doc:"Options of the build of the user's Dockerfile."`
	Platform        Platforms         `json:"platform" doc:"Platform such as linux/amd64, or a list of them."`

	Registry          string `json:"registry" doc:"Registry for this image, in place of the stack's."`
	TargetRepository  string `json:"target_repository" doc:"Repository below the registry."`
	ImageTag          string `json:"image_tag" doc:"A further tag of the image."`
	PreventBuildReuse *bool  `json:"prevent_build_reuse" doc:"Build even if an image of the same key exists."`

	PyprojectPath          string         `json:"pyproject_path" doc:"pyproject.toml to export requirements from, with uv or else poetry."`
	PyprojectExportCommand []string       `json:"pyproject_export_command" doc:"Command that prints the requirements of pyproject_path; {directory} is its folder."`
	UVProject              string         `json:"uv_project" doc:"pyproject.toml, or its folder, of a uv project, whose locked packages are installed."`
	UVLock                 string         `json:"uv_lock" doc:"uv.lock of uv_project; the one beside it by default."`
	UVScript               string         `json:"uv_script" doc:"Script with a PEP 723 header, which says its Python version and packages."`
	RequiredIntegrations   []string       `json:"required_integrations" doc:"Names of integration blocks of stacks.hcl, whose packages are installed."`
	InstallStackReqs       *bool          `json:"install_stack_requirements" default:"true" doc:"Install what the stack and its components require."`
	ReplicateLocalPython   *bool          `json:"replicate_local_python_environment" doc:"Install what the local Python environment has."`
	LocalProjectInstall    string         `json:"local_project_install_command" doc:"Command that installs the source as a project, once it is in the image."`
	DisableAutoDetection   *bool          `json:"disable_automatic_requirements_detection" default:"true" doc:"Do not look for requirements.txt or pyproject.toml where no Python packages are asked for."`
	Inject                 []string       `json:"inject" merge:"names" doc:"Requirements added unless they are there already; never on a base image or Dockerfile of your own."`
	BuildSecrets           []BuildSecret  `json:"build_secrets" doc:"Secrets that commands and installs of the build may read, and nothing keeps."`
	Copy                   []Copy         `json:"copy" doc:"Files and folders beside the source."`
	Layers                 []LayerSetting `json:"layers" doc:"Ordered layers, built in this order after commands and before the source."`

	AllowIncludingFiles *bool `json:"allow_including_files_in_images" default:"true" doc:"Let the source be copied into the image."`
	AllowCodeRepository *bool `json:"allow_download_from_code_repository" default:"true" doc:"Let steps fetch their code from the code repository."`
	AllowArtifactStore  *bool `json:"allow_download_from_artifact_store" default:"true" doc:"Let steps fetch their code from the artifact store."`

	// What needs a program inside the container is still to be built. The fields
	// are here so that they are known, and using one is an error that says so.
	BaseImageRepo         NotBuilt `json:"base_image_repo" doc:"Repository of prebuilt base images."`
	BaseImageVersion      NotBuilt `json:"base_image_version" doc:"Version of prebuilt base images."`
	SecretEnvironmentFrom NotBuilt `json:"secret_environment_from" doc:"Secrets whose keys become environment variables of steps."`
}

// BuildOptions are options of the build of the generated Dockerfile.
type BuildOptions struct {
	Args    map[string]string `json:"args" doc:"Build arguments. Never for secrets."`
	Labels  map[string]string `json:"labels" doc:"Labels of the image."`
	Target  string            `json:"target" doc:"Stage of the Dockerfile to build."`
	NoCache *bool             `json:"no_cache" doc:"Build without the layer cache."`
	Pull    *bool             `json:"pull" doc:"Ask the registry for the base image even if it is on this machine."`

	CacheFrom  Texts         `json:"cache_from" doc:"Images or stores to read layer cache from, such as ghcr.io/acme/cache or type=registry,ref=…."`
	CacheTo    Texts         `json:"cache_to" doc:"Stores to write layer cache to, such as type=inline."`
	ShmSize    compute.Bytes `json:"shm_size" doc:"Size of /dev/shm during the build, such as 2GiB."`
	Network    string        `json:"network" enum:"default,none,host" doc:"Network of the build's commands."`
	ExtraHosts Hosts         `json:"extra_hosts" doc:"Further entries of /etc/hosts during the build: a map of names to addresses, or a list of name:address."`
}

// DockerfileBuild is options of the build of the user's own Dockerfile.
type DockerfileBuild struct {
	Args         map[string]string `json:"args" doc:"Build arguments. Never for secrets."`
	Labels       map[string]string `json:"labels" doc:"Labels of the image."`
	Target       string            `json:"target" doc:"Stage of the Dockerfile to build."`
	NoCache      *bool             `json:"no_cache" doc:"Build without the layer cache."`
	Pull         *bool             `json:"pull" doc:"Ask the registry for base images even if they are on this machine."`
	Dockerignore string            `json:"dockerignore" doc:"File of patterns that say what is not in the context; <Dockerfile>.dockerignore or .dockerignore by default."`

	CacheFrom  Texts         `json:"cache_from" doc:"Images or stores to read layer cache from, such as ghcr.io/acme/cache or type=registry,ref=…."`
	CacheTo    Texts         `json:"cache_to" doc:"Stores to write layer cache to, such as type=inline."`
	ShmSize    compute.Bytes `json:"shm_size" doc:"Size of /dev/shm during the build, such as 2GiB."`
	Network    string        `json:"network" enum:"default,none,host" doc:"Network of the build's commands."`
	ExtraHosts Hosts         `json:"extra_hosts" doc:"Further entries of /etc/hosts during the build: a map of names to addresses, or a list of name:address."`
}

// Mode is bundled, prebuilt or custom; empty is bundled.
type Mode string

const (
	Bundled  Mode = "bundled"  // built with everything in it
	Prebuilt Mode = "prebuilt" // a base per accelerator, the rest when the step starts
	Custom   Mode = "custom"   // the image as it is
)

// Installer is uv or pip; empty is uv.
type Installer string

const (
	UV  Installer = "uv"
	Pip Installer = "pip"
)
