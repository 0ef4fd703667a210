#include "terminal/job_help.hpp"

#include <fmt/format.h>

#include <sstream>

#include "config/schema.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "terminal/option_lines.hpp"

namespace medpfl {
namespace {

constexpr size_t kWidth = 100;

// Returns words in lines of at most kWidth characters. The first line begins with `first`, all
// others with `indent`.
std::string wrap(const std::string& text, const std::string& indent = "",
                 const std::string& first = "") {
  std::istringstream words(text);
  std::string out, line = first, gap;
  for (std::string word; words >> word; gap = " ") {
    if (!gap.empty() && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = indent + word;
    } else {
      line += gap + word;
    }
  }
  return out + line + "\n";
}

std::string shown(const OptionSpec& flag) {
  if (flag.kind == OptionSpec::Kind::kFlag) return "--" + flag.name;
  return "--" + flag.name + "=" + (flag.placeholder.empty() ? "..." : flag.placeholder);
}

std::string flag_lines(const JobHelp& help, const std::vector<OptionSpec>& flags) {
  std::string out = "flags:\n";
  for (const OptionSpec& flag : flags)
    out += wrap(flag.help, std::string(27, ' '), fmt::format("  {:<24} ", shown(flag)));
  return help.more.empty() ? out : out + "\n" + wrap(help.more);
}

std::string used_line(const std::string& name) {
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options)
      if (section.name + "." + option.name == name) {
        const std::string line = fmt::format(
            "  {:<38} {}", fmt::format("--{}={}", name, option.default_value), option.help);
        return line.substr(0, kWidth) + "\n";
      }
  throw Error(ExitCode::kInternal, fmt::format("help names {}, which is no option", name));
}

// Returns the sections that every run has: those without a dot in their name.
std::vector<std::string> framework_names() {
  std::vector<std::string> out;
  for (const Section& section : config_sections())
    if (section.name.find('.') == std::string::npos) out.push_back(section.name);
  return out;
}

std::string first_screen(const JobHelp& help, const std::vector<OptionSpec>& flags) {
  std::string out = wrap("usage: " + help.usage, "         ") + "\n" + wrap(help.about);
  if (!help.examples.empty()) {
    out += "\nexamples:\n";
    for (const std::string& example : help.examples) out += "  " + example + "\n";
  }
  if (!help.used.empty()) {
    out += "\noptions used most, with their defaults:\n";
    for (const std::string& name : help.used) out += used_line(name);
  }
  std::string names = "\nflags:";
  for (const OptionSpec& flag : flags) names += " " + shown(flag);
  out += "\n" + wrap(names, "       ");
  if (help.used.empty()) return out + "--help flags says what they do\n";
  return out +
         wrap("--help TOPIC shows more: flags, all, a section (" + join(framework_names()) +
              "), or a component, such as attack.dlg; medpfl list names them") +
         "medpfl help exit-codes shows how it ends\n";
}

std::string component_names(const std::string& section) {
  std::vector<std::string> names;
  for (const Section& other : config_sections())
    if (other.name.rfind(section + ".", 0) == 0) names.push_back(other.name);
  return names.empty() ? "" : wrap("components with options of their own: " + join(names));
}

}  // namespace

std::vector<std::string> help_topics(const JobHelp& help) {
  std::vector<std::string> topics = {"flags", "all"};
  if (!help.used.empty())
    for (const Section& section : config_sections()) topics.push_back(section.name);
  return topics;
}

std::string help_page(const JobHelp& help, const std::vector<OptionSpec>& flags,
                      const std::string& topic) {
  if (topic.empty()) return first_screen(help, flags);
  if (topic == "flags") return flag_lines(help, flags);
  if (topic == "all")
    return first_screen(help, flags) + "\n" + flag_lines(help, flags) +
           (help.used.empty() ? "" : "\n" + all_section_lines());
  std::string out;
  if (!help.used.empty())
    for (const Section& section : config_sections()) {
      const size_t dot = section.name.find('.');
      if (section.name == topic ||
          (dot != std::string::npos && section.name.substr(dot + 1) == topic))
        out += section_lines(section) + component_names(section.name);
    }
  if (!out.empty()) return out;
  std::vector<std::string> known = help_topics(help);
  const std::string guess = nearest(topic, known);
  throw ConfigError(fmt::format("--help {}: there is no such topic{}; topics: {}", topic,
                                guess.empty() ? "" : " (did you mean " + guess + "?)",
                                join(known)));
}

}  // namespace medpfl
