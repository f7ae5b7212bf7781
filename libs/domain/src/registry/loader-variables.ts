/** Variables, and beginnings of names (ending in `*`), that decide what code a program runs, where from, or whom it trusts. */
const LOADERS = `
LD_* DYLD_* GLIBC_TUNABLES GCONV_PATH LOCPATH
PATH HOME SHELL TMPDIR TMP TEMP IFS CDPATH ENV BASH_ENV BASH_FUNC* SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND ZDOTDIR XDG_*
EDITOR VISUAL PAGER BROWSER LESSOPEN LESSCLOSE
NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED NODE_REPL_* NODE_COMPILE_CACHE NODE_V8_COVERAGE
NODE_ICU_DATA ELECTRON_RUN_AS_NODE NPM_* YARN_* PNPM_* COREPACK_* BUN_* DENO_*
PYTHON* PIP_* PIPX_* UV_* VIRTUAL_ENV CONDA_* POETRY_*
GIT_* SSH_* DOCKER_* CONTAINER_* KUBECONFIG
DOTNET_* CORECLR_* COMPLUS_* NUGET_*
CLASSPATH JAVA_TOOL_OPTIONS _JAVA_OPTIONS JAVA_OPTS JAVA_HOME JDK_* MAVEN_* GRADLE_*
PERL* RUBY* GEM_* BUNDLE_* PHPRC PHP_INI_SCAN_DIR LUA_* R_PROFILE* R_ENVIRON* R_LIBS* JULIA_*
GOFLAGS GOPROXY GOPATH GOROOT GOENV GOTOOLCHAIN CARGO_* RUSTC*
OPENSSL_* SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
`
  .split(/\s+/)
  .filter((name) => name !== '');

const EXACT = new Set(LOADERS.filter((name) => !name.endsWith('*')));
const BEGINNINGS = LOADERS.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));

/** @returns whether a variable, in any case, may decide what code runs; such a one is never set by a registered server */
export function isLoaderVariable(name: string): boolean {
  const upper = name.toUpperCase();
  return (
    EXACT.has(upper) ||
    upper.endsWith('_PROXY') ||
    BEGINNINGS.some((beginning) => upper.startsWith(beginning))
  );
}
