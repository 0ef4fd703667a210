#include "config/config.hpp"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <fstream>
#include <sstream>

#include "config/schema.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace po = boost::program_options;

namespace medpfl {
namespace {

const po::options_description& boost_options() {
  static const po::options_description description = [] {
    po::options_description all;
    for (const Section& section : config_sections())
      for (const OptionSpec& option : section.options)
        all.add_options()((section.name + "." + option.name).c_str(), po::value<std::string>(),
                          option.help.c_str());
    return all;
  }();
  return description;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options) keys.push_back(section.name + "." + option.name);
  return keys;
}

[[noreturn]] void refuse_unknown(const std::vector<std::string>& keys, const std::string& source) {
  std::vector<std::string> lines;
  for (const std::string& key : keys) {
    const std::string guess = nearest(key, known_keys());
    lines.push_back(fmt::format("{}: unknown option '{}'{}", source, key,
                                guess.empty() ? "; see medpfl simulate --help"
                                              : fmt::format(" (did you mean {}?)", guess)));
  }
  throw ConfigError(join(lines, "\n"));
}

std::string without_dashes(std::string word) {
  word.erase(0, word.find_first_not_of('-'));
  return word;
}

}  // namespace

Config::Config() {
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options)
      set(section.name + "." + option.name, option.default_value, "default");
}

void Config::set(const std::string& key, const std::string& value, const std::string& source) {
  entries_[key] = {value, source};
}

std::string read_config_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || !text) throw ConfigError(fmt::format("--config {}: cannot read this file", path));
  return text.str();
}

void Config::read_text(const std::string& text, const std::string& source) {
  std::istringstream stream(text);
  try {
    const po::parsed_options parsed = po::parse_config_file(stream, boost_options(), true);
    std::vector<std::string> unknown;
    std::map<std::string, std::string> seen;
    for (const auto& option : parsed.options) {
      if (option.unregistered) {
        unknown.push_back(option.string_key);
      } else if (!seen.emplace(option.string_key, "").second) {
        throw ConfigError(fmt::format("{}: option {} is given twice", source, option.string_key));
      } else {
        set(option.string_key, trim(join(option.value, " ")), source);
      }
    }
    if (!unknown.empty()) refuse_unknown(unknown, source);
  } catch (const po::error& error) {
    throw ConfigError(fmt::format("{}: {}", source, error.what()));
  }
}

void Config::read_arguments(const std::vector<std::string>& arguments) {
  const std::string source = "command line";
  try {
    namespace style = po::command_line_style;
    const po::parsed_options parsed =
        po::command_line_parser(arguments)
            .options(boost_options())
            .positional(po::positional_options_description())
            .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
            .allow_unregistered()
            .run();
    std::vector<std::string> unknown;
    for (const auto& option : parsed.options) {
      if (option.unregistered || option.position_key >= 0)
        unknown.push_back(without_dashes(option.original_tokens.front()));
      else
        set(option.string_key, trim(join(option.value, " ")), source);
    }
    for (std::string& word : unknown) word = word.substr(0, word.find('='));
    if (!unknown.empty()) refuse_unknown(unknown, source);
  } catch (const po::error& error) {
    throw ConfigError(fmt::format("command line: {}", error.what()));
  }
}

std::vector<std::string> Config::violations() const {
  std::vector<std::string> lines;
  for (const Section& section : config_sections()) {
    for (const OptionSpec& option : section.options) {
      const std::string key = section.name + "." + option.name;
      const Entry& entry = entries_.at(key);
      if (const auto wrong = violation(option, entry.value))
        lines.push_back(fmt::format("{} ({}): {}", key, entry.source, *wrong));
    }
  }
  return lines;
}

OptionValues Config::section(const std::string& name) const {
  OptionValues values;
  for (const Section& section : config_sections())
    if (section.name == name)
      for (const OptionSpec& option : section.options)
        values.set(option.name, entries_.at(name + "." + option.name).value);
  return values;
}

std::string Config::to_ini(bool comments) const {
  std::string out;
  for (const Section& section : config_sections()) {
    out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section.name);
    for (const OptionSpec& option : section.options) {
      const Entry& entry = entries_.at(section.name + "." + option.name);
      if (comments) out += fmt::format("# {} ({}); from: {}\n", option.help, describe_domain(option), entry.source);
      out += fmt::format("{}={}\n", option.name, entry.value);
    }
  }
  return out;
}

std::string describe_sections() {
  std::string out;
  for (const Section& section : config_sections()) {
    out += fmt::format("\n[{}] {}\n", section.name, section.summary);
    for (const OptionSpec& option : section.options) {
      const std::string name = fmt::format("--{}.{}", section.name, option.name);
      out += fmt::format("  {:<34} {}\n  {:<34} {}; default: {}\n", name, option.help, "",
                         describe_domain(option),
                         option.default_value.empty() ? "empty" : option.default_value);
    }
  }
  return out;
}

}  // namespace medpfl
