#include "core/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.hpp"
#include "core/option_text.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

template <class T>
bool parse_number(std::string_view text, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_word(std::string_view text, bool* out) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return *out = true, true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return *out = false, true;
  return false;
}

OptionSpec make(OptionSpec::Kind kind, std::string name, std::string value, std::string help) {
  OptionSpec spec;
  spec.kind = kind;
  spec.name = std::move(name);
  spec.default_value = std::move(value);
  spec.help = std::move(help);
  return spec;
}

}  // namespace

OptionSpec OptionSpec::at_least(double bound) const {
  OptionSpec copy = *this;
  copy.min = bound;
  copy.has_min = true;
  return copy;
}

OptionSpec OptionSpec::above(double bound) const {
  OptionSpec copy = at_least(bound);
  copy.min_excluded = true;
  return copy;
}

OptionSpec OptionSpec::between(double low, double high) const {
  OptionSpec copy = at_least(low);
  copy.max = high;
  copy.has_max = true;
  return copy;
}

OptionSpec OptionSpec::or_word(std::string word) const {
  OptionSpec copy = *this;
  copy.choices.push_back(std::move(word));
  return copy;
}

OptionSpec integer_option(std::string name, int64_t value, std::string help) {
  return make(OptionSpec::Kind::kInteger, std::move(name), std::to_string(value), std::move(help));
}

OptionSpec real_option(std::string name, double value, std::string help) {
  return make(OptionSpec::Kind::kReal, std::move(name), shortest(value), std::move(help));
}

OptionSpec text_option(std::string name, std::string value, std::string help) {
  return make(OptionSpec::Kind::kText, std::move(name), std::move(value), std::move(help));
}

OptionSpec flag_option(std::string name, bool value, std::string help) {
  return make(OptionSpec::Kind::kFlag, std::move(name), value ? "true" : "false", std::move(help));
}

OptionSpec choice_option(std::string name, std::string value, std::vector<std::string> choices,
                         std::string help) {
  OptionSpec spec =
      make(OptionSpec::Kind::kChoice, std::move(name), std::move(value), std::move(help));
  spec.choices = std::move(choices);
  return spec;
}

std::string describe_domain(const OptionSpec& spec) {
  std::string text;
  std::string words;
  const auto bound = [&](double value) {
    return spec.kind == OptionSpec::Kind::kInteger ? fmt::format("{:.0f}", value) : shortest(value);
  };
  if (!spec.choices.empty()) words = ", or " + join(spec.choices);
  switch (spec.kind) {
    case OptionSpec::Kind::kInteger:
      text = "integer";
      break;
    case OptionSpec::Kind::kReal:
      text = "number";
      break;
    case OptionSpec::Kind::kFlag:
      return "true or false";
    case OptionSpec::Kind::kText:
      return "text";
    case OptionSpec::Kind::kChoice:
      return "one of: " + join(spec.choices);
    case OptionSpec::Kind::kList:
      return spec.choices.empty() ? "comma-separated list" : "list of: " + join(spec.choices);
  }
  if (spec.has_min && spec.has_max)
    text += fmt::format(" in {}{}, {}]", spec.min_excluded ? "(" : "[", bound(spec.min),
                        bound(spec.max));
  else if (spec.has_min)
    text += fmt::format(", {} {}", spec.min_excluded ? "above" : "at least", bound(spec.min));
  return text + words;
}

std::optional<std::string> violation(const OptionSpec& spec, std::string_view text) {
  const auto complain = [&] {
    return fmt::format("'{}' is not allowed: it must be {}", text, describe_domain(spec));
  };
  const bool is_word =
      std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end();
  double value = 0;
  switch (spec.kind) {
    case OptionSpec::Kind::kText:
    case OptionSpec::Kind::kList:
      return std::nullopt;
    case OptionSpec::Kind::kFlag: {
      bool ignored = false;
      if (!parse_word(text, &ignored)) return complain();
      return std::nullopt;
    }
    case OptionSpec::Kind::kChoice: {
      if (is_word) return std::nullopt;
      const std::string guess = nearest(text, spec.choices);
      return complain() + (guess.empty() ? "" : fmt::format(" (did you mean {}?)", guess));
    }
    case OptionSpec::Kind::kInteger: {
      if (is_word) return std::nullopt;
      int64_t whole = 0;
      if (!parse_number(text, &whole)) return complain();
      value = static_cast<double>(whole);
      break;
    }
    case OptionSpec::Kind::kReal:
      if (is_word) return std::nullopt;
      if (!parse_number(text, &value) || !std::isfinite(value)) return complain();
      break;
  }
  const bool low = spec.has_min && (spec.min_excluded ? value <= spec.min : value < spec.min);
  if (low || (spec.has_max && value > spec.max)) return complain();
  return std::nullopt;
}

int64_t parse_integer(const std::string& name, const std::string& text) {
  int64_t value = 0;
  if (!parse_number(text, &value))
    throw ConfigError(fmt::format("{}: '{}' is not an integer", name, text));
  return value;
}

double parse_real(const std::string& name, const std::string& text) {
  double value = 0;
  if (!parse_number(text, &value))
    throw ConfigError(fmt::format("{}: '{}' is not a number", name, text));
  return value;
}

bool parse_flag(const std::string& name, const std::string& text) {
  bool value = false;
  if (!parse_word(text, &value))
    throw ConfigError(fmt::format("{}: '{}' is not true or false", name, text));
  return value;
}

std::optional<std::string> differing_defaults(const std::vector<OptionSpec>& options,
                                              const std::vector<OptionSpec>& of) {
  const auto same = [](const OptionSpec& a, const OptionSpec& b) {
    return a.name == b.name && a.help == b.help && describe_domain(a) == describe_domain(b);
  };
  if (!std::equal(options.begin(), options.end(), of.begin(), of.end(), same)) return std::nullopt;
  std::vector<std::string> parts;
  for (size_t i = 0; i < options.size(); ++i)
    if (options[i].default_value != of[i].default_value)
      parts.push_back(options[i].name + "=" + options[i].default_value);
  return join(parts);
}

OptionValues OptionValues::defaults(const std::vector<OptionSpec>& specs) {
  OptionValues values;
  for (const OptionSpec& spec : specs) values.set(spec.name, spec.default_value);
  return values;
}

const std::string& OptionValues::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end())
    throw Error(ExitCode::kInternal, fmt::format("option '{}' was read but never declared", name));
  return found->second;
}

int64_t OptionValues::integer(const std::string& name) const {
  return parse_integer(name, text(name));
}

double OptionValues::real(const std::string& name) const { return parse_real(name, text(name)); }

bool OptionValues::flag(const std::string& name) const { return parse_flag(name, text(name)); }

std::vector<std::string> OptionValues::list(const std::string& name) const {
  return split_list(text(name));
}

}  // namespace medpfl
