#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
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
    for (const OptionSpec& option : section.options)
      keys.push_back(section.name + "." + option.name);
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

void Config::assign(const std::string& key, const std::string& value, const std::string& source) {
  if (entries_.count(key) == 0) refuse_unknown({key}, source);
  set(key, value, source);
}

void Config::unset(const std::string& key) {
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options)
      if (section.name + "." + option.name == key) set(key, option.default_value, "default");
}

std::string read_config_text(const std::string& path, const std::string& flag) {
  std::ifstream file(path);
  std::stringstream text;
  // Of an empty file nothing can be copied, which a stream takes for a failure.
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || !text)
    throw ConfigError(fmt::format("{} {}: cannot read this file", flag, path));
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

// By hand: Boost takes no empty value after "=", which is how a list is emptied.
void Config::read_arguments(const std::vector<std::string>& arguments) {
  const std::string& source = kCommandLine;
  const auto is_option = [](const std::string& word) { return word.rfind("--", 0) == 0; };
  std::vector<std::string> unknown;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const size_t equals = word.find('=');
    const std::string key = without_dashes(word.substr(0, equals));
    const bool value_follows =
        equals == std::string::npos && i + 1 < arguments.size() && !is_option(arguments[i + 1]);
    if (!is_option(word) || entries_.count(key) == 0) {
      unknown.push_back(key);
      if (is_option(word) && value_follows) ++i;
    } else if (equals != std::string::npos) {
      set(key, trim(word.substr(equals + 1)), source);
    } else if (value_follows) {
      set(key, trim(arguments[++i]), source);
    } else {
      throw ConfigError(fmt::format("{}: option {} needs a value: {}=...", source, key, word));
    }
  }
  if (!unknown.empty()) refuse_unknown(unknown, source);
}

std::vector<std::string> Config::violations() const {
  std::vector<std::string> lines;
  for (const Section& section : config_sections()) {
    for (const OptionSpec& option : section.options) {
      const std::string key = section.name + "." + option.name;
      const Entry& entry = entries_.at(key);
      if (const auto wrong = violation(option, entry.value))
        lines.push_back(fmt::format("{} ({}): {}", key, entry.source, *wrong));
      else if (entry.value.find_first_of("#\r\n") != std::string::npos)
        lines.push_back(fmt::format(
            "{} ({}): '{}' is not allowed: it must hold no # and no line break, which a "
            "config file cannot keep",
            key, entry.source, entry.value));
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

std::vector<std::string> Config::differences(const Config& other,
                                             const std::vector<std::string>& except) const {
  std::vector<std::string> lines;
  for (const auto& [option, entry] : entries_) {
    const std::string& there = other.entries_.at(option).value;
    if (entry.value != there && std::find(except.begin(), except.end(), option) == except.end())
      lines.push_back(fmt::format("{}: here '{}', there '{}'", option, entry.value, there));
  }
  return lines;
}

std::string Config::to_ini(bool comments) const {
  std::string out;
  for (const Section& section : config_sections()) {
    out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section.name);
    for (const OptionSpec& option : section.options) {
      const Entry& entry = entries_.at(section.name + "." + option.name);
      if (comments)
        out += fmt::format("# {} ({}); from: {}\n", option.help, describe_domain(option),
                           entry.source);
      out += fmt::format("{}={}\n", option.name, entry.value);
    }
  }
  return out;
}

std::string describe_sections() {
  std::string out;
  const Section* before = nullptr;
  for (const Section& section : config_sections()) {
    out += fmt::format("\n[{}] {}\n", section.name, section.summary);
    // Rows of one kind, as the presets of attacks, are told once.
    if (const auto changed =
            before == nullptr ? std::nullopt : differing_defaults(section.options, before->options);
        changed && !section.options.empty()) {
      out += fmt::format("  the options of [{}]; defaults: {}\n", before->name, *changed);
      continue;
    }
    before = &section;
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
