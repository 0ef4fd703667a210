#include "terminal/completion.hpp"

#include <fmt/format.h>

#include "config/schema.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

// Words are taken from the whole line, because bash breaks them at "=" too; what is replied
// replaces only what stands behind the "=".
constexpr const char* kFunction = R"(
# What option $1 may be where its value begins with $2: its words, or those that its list lacks.
_medpfl_values() {
  local begun=${2%"${2##*,}"} word
  if [[ -z ${_medpfl_lists[$1]:-} ]]; then
    printf '%s ' ${_medpfl_choices[$1]:-}
    return
  fi
  for word in ${_medpfl_lists[$1]}; do
    [[ ,$begun == *,$word,* ]] || printf '%s ' "$begun$word"
  done
}
_medpfl() {
  local line=${COMP_LINE:0:COMP_POINT} words current before choices option=
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=${words[-1]}
  before=${words[-2]:-}
  COMPREPLY=()
  if ((${#words[@]} <= 2)); then
    choices=$_medpfl_jobs
  elif [[ $current == --*=* ]]; then
    option=${current%%=*}
    current=${current#*=}
    choices=$(_medpfl_values "$option" "$current")
    [[ $COMP_WORDBREAKS == *=* ]] || choices=$(printf -- "$option=%s " $choices) current=$option=$current
  elif [[ $current == -* ]]; then
    choices=${_medpfl_options[${words[1]}]:-}
  elif [[ $before == --help ]]; then
    choices=${_medpfl_topics[${words[1]}]:-}
  elif [[ $before == --* && -n ${_medpfl_choices[$before]:-}${_medpfl_lists[$before]:-} &&
    ${_medpfl_choices[$before]:-} != "true false" ]]; then
    option=$before
    choices=$(_medpfl_values "$option" "$current")
  else
    choices=${_medpfl_words[${words[1]}]:-}
  fi
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  [[ ${COMPREPLY[0]:-} != *= && -z ${_medpfl_lists[${option:-none}]:-} ]] || compopt -o nospace 2>/dev/null || true
}
complete -o bashdefault -o default -F _medpfl medpfl
)";

// Returns the words that may stand behind the "="; "" where any text may.
std::string choices_of(const OptionSpec& spec) {
  return spec.kind == OptionSpec::Kind::kFlag ? "true false" : join(spec.choices, " ");
}

std::string array_entry(const char* array, const std::string& key, const std::string& value) {
  return value.empty() ? "" : fmt::format("{}[{}]=\"{}\"\n", array, key, value);
}

}  // namespace

std::string bash_completion(const std::vector<CompletedJob>& jobs) {
  std::string options, choices;
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options) {
      const std::string name = fmt::format("--{}.{}", section.name, option.name);
      options += (options.empty() ? "" : " ") + name + "=";
      const bool list = option.kind == OptionSpec::Kind::kList;
      choices += array_entry(list ? "_medpfl_lists" : "_medpfl_choices", name, choices_of(option));
    }
  std::string names, out;
  for (const CompletedJob& job : jobs) {
    names += (names.empty() ? "" : " ") + job.name;
    std::string flags;
    for (const OptionSpec& flag : job.flags) {
      const bool alone = flag.kind == OptionSpec::Kind::kFlag;
      flags += (flags.empty() ? "--" : " --") + flag.name + (alone ? "" : "=");
    }
    if (job.options) flags += " $_medpfl_sections";
    out += array_entry("_medpfl_options", job.name, flags);
    out += array_entry("_medpfl_words", job.name, join(job.words, " "));
    out += array_entry("_medpfl_topics", job.name, join(job.topics, " "));
  }
  return "# Completion of medpfl in bash. In ~/.bashrc: source <(medpfl completion bash)\n"
         "declare -gA _medpfl_options _medpfl_words _medpfl_topics _medpfl_choices "
         "_medpfl_lists\n"
         "_medpfl_jobs=\"" +
         names + "\"\n_medpfl_sections=\"" + options + "\"\n" + out + choices + kFunction;
}

}  // namespace medpfl
