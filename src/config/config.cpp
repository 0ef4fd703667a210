#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "config/ini.hpp"
#include "config/quotes.hpp"
#include "config/schema.hpp"
#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "core/text.hpp"
#include "core/violations.hpp"

namespace medpfl {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }

}  // namespace

std::string Config::Entry::where() const {
  return line > 0 ? fmt::format("{}:{}", source, line) : source;
}

Config::Config() {
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options)
      set(section.name + "." + option.name, option.default_value, kDefault);
}

void Config::set(const std::string& key, const std::string& value, const std::string& source) {
  entries_[key] = {value, source, 0};
}

void Config::assign(const std::string& key, const std::string& value, const std::string& source) {
  if (entries_.count(key) == 0)
    throw ConfigError(fmt::format("{}: {}", source, describe_unknown(key)));
  set(key, value, source);
}

void Config::unset(const std::string& key) {
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options)
      if (section.name + "." + option.name == key) set(key, option.default_value, kDefault);
}

std::string read_config_text(const std::string& path, const std::string& flag) {
  constexpr std::uintmax_t kMostBytes = 16 << 20;
  std::error_code unknown;
  if (const auto bytes = std::filesystem::file_size(path, unknown); !unknown && bytes > kMostBytes)
    throw ConfigError(
        fmt::format("{} {}: has {} bytes, more than any configuration; is it another file?", flag,
                    path, bytes));
  std::ifstream file(path);
  std::stringstream text;
  // Of an empty file nothing can be copied, which a stream takes for a failure.
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || !text) {
    const std::string reason = why_unreadable(path);
    throw ConfigError(fmt::format("{} {}: cannot read this file{}{}", flag, path,
                                  reason.empty() ? "" : ": ", reason));
  }
  return text.str();
}

void Config::read_text(const std::string& text, const std::string& source) {
  Violations wrong;
  std::map<std::string, int> seen;
  for (const IniSection& section : read_ini(text, source, &wrong))
    for (const IniOption& option : section.options) {
      const std::string key = section.name.empty() ? option.key : section.name + "." + option.key;
      const std::string where = fmt::format("{}:{}", source, option.line);
      const auto [before, fresh] = seen.emplace(key, option.line);
      wrong.check(fresh, fmt::format("{}: option {} is given twice, first in line {}", where, key,
                                     before->second));
      if (entries_.count(key) > 0)
        entries_[key] = {show_quoted(option.value), source, option.line};
      else
        wrong.check(!fresh, fmt::format("{}: {}", where, describe_unknown(key)));
    }
  wrong.throw_if_any();
}

void Config::read(const CommandLine& line) {
  Violations wrong;
  for (const std::string& word : line.words)
    wrong.check(false, fmt::format("{}: {}", kCommandLine, describe_unknown(word)));
  for (const auto& [key, value] : line.options)
    wrong.guard([&, &key = key, &value = value] { assign(key, value, kCommandLine); });
  wrong.throw_if_any();
}

void Config::read_arguments(const std::vector<std::string>& arguments) {
  read(parse_command_line(arguments, {}));
}

std::vector<std::string> Config::violations() const {
  std::vector<std::string> lines;
  for (const Section& section : config_sections()) {
    for (const OptionSpec& option : section.options) {
      const std::string key = section.name + "." + option.name;
      const Entry& entry = entries_.at(key);
      if (const auto wrong = violation(option, entry.value))
        lines.push_back(fmt::format("{} ({}): {}", key, entry.where(), *wrong));
      else if (std::any_of(entry.value.begin(), entry.value.end(), is_control))
        lines.push_back(fmt::format(
            "{} ({}): '{}' is not allowed: it must hold no line break and no control character, "
            "which a config file cannot keep",
            key, entry.where(), entry.value));
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
    // What was read from a file has been escaped.
    const std::string here = escaped(entry.value);
    const std::string there = escaped(other.entries_.at(option).value);
    if (here != there && std::find(except.begin(), except.end(), option) == except.end())
      lines.push_back(fmt::format("{}: here '{}', there '{}'", option, here, there));
  }
  return lines;
}

std::string Config::set_options() const {
  std::string out;
  for (const Section& section : config_sections()) {
    std::string lines;
    for (const OptionSpec& option : section.options) {
      const Entry& entry = entries_.at(section.name + "." + option.name);
      if (entry.source != kDefault)
        lines += fmt::format("{}={}\n", option.name, quote_where_needed(entry.value));
    }
    if (!lines.empty()) out += fmt::format("[{}]\n{}", section.name, lines);
  }
  return out;
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
      out += fmt::format("{}={}\n", option.name, quote_where_needed(entry.value));
    }
  }
  return out;
}

}  // namespace medpfl
