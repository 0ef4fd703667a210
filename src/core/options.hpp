#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

/// One option as its owner declares it: enough to parse, check, document and print it.
struct OptionSpec {
  enum class Kind { kInteger, kReal, kText, kFlag, kChoice, kList };
  Kind kind = Kind::kText;
  std::string name;           ///< within its section: "rounds"
  std::string default_value;  ///< as typed in a config file
  std::string help;           ///< one line, with the unit
  std::string placeholder;    ///< what help shows in place of a value, as FILE
  double min = 0, max = 0;    ///< inclusive bounds, used where has_min / has_max
  bool has_min = false, has_max = false, min_excluded = false;
  /// Allowed words of kChoice; words besides numbers; words of kList, which its owner checks.
  std::vector<std::string> choices;

  OptionSpec at_least(double bound) const;
  OptionSpec above(double bound) const;
  OptionSpec between(double low, double high) const;
  OptionSpec or_word(std::string word) const;  ///< allows this word beside the numbers
};

/// Return an option of each kind, with its default value.
OptionSpec integer_option(std::string name, int64_t default_value, std::string help);
OptionSpec real_option(std::string name, double default_value, std::string help);
OptionSpec text_option(std::string name, std::string default_value, std::string help);
OptionSpec flag_option(std::string name, bool default_value, std::string help);
OptionSpec choice_option(std::string name, std::string default_value,
                         std::vector<std::string> choices, std::string help);

/// Returns what is wrong with `text` as a value of `spec`, or nothing.
std::optional<std::string> violation(const OptionSpec& spec, std::string_view text);

/// Returns in words which values an option takes, as "integer, at least 1" or "one of: a, b".
std::string describe_domain(const OptionSpec& spec);

/// Returns how the defaults of `options` differ from those of `of`, as "a=1, b=2"; nothing where
/// the two are not the same options.
std::optional<std::string> differing_defaults(const std::vector<OptionSpec>& options,
                                              const std::vector<OptionSpec>& of);

/// The values of the options of one section or component, by short name. All are checked against
/// their OptionSpec before a component sees them.
class OptionValues {
 public:
  OptionValues() = default;
  explicit OptionValues(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  /// Returns the defaults of `specs`.
  static OptionValues defaults(const std::vector<OptionSpec>& specs);

  void set(const std::string& name, std::string value) { values_[name] = std::move(value); }
  int64_t integer(const std::string& name) const;
  double real(const std::string& name) const;
  bool flag(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace medpfl
