#pragma once
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/option_text.hpp"
#include "core/options.hpp"
#include "core/words.hpp"

namespace medpfl {

/// How a value of type T is written as an option and read back. T: an integer, a double, a bool, a
/// text, a list of texts, an enum with words_of(), or such an enum or nothing, which is `auto`.
template <class T>
struct OptionText {
  static void describe(OptionSpec* spec) {
    if constexpr (std::is_same_v<T, bool>) {
      spec->kind = OptionSpec::Kind::kFlag;
    } else if constexpr (std::is_integral_v<T>) {
      spec->kind = OptionSpec::Kind::kInteger;
    } else if constexpr (std::is_floating_point_v<T>) {
      spec->kind = OptionSpec::Kind::kReal;
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      spec->kind = OptionSpec::Kind::kList;
    } else if constexpr (std::is_enum_v<T>) {
      spec->kind = OptionSpec::Kind::kChoice;
      spec->choices = words_of(T{}).names();
    }
  }
  static std::string print(const T& value) {
    if constexpr (std::is_same_v<T, bool>)
      return value ? "true" : "false";
    else if constexpr (std::is_integral_v<T>)
      return std::to_string(value);
    else if constexpr (std::is_floating_point_v<T>)
      return shortest(value);
    else if constexpr (std::is_enum_v<T>)
      return word_of(value);
    else if constexpr (std::is_same_v<T, std::vector<std::string>>)
      return join(value, ",");
    else
      return value;
  }
  static T parse(const std::string& name, const std::string& text) {
    if constexpr (std::is_same_v<T, bool>)
      return parse_flag(name, text);
    else if constexpr (std::is_integral_v<T>)
      return static_cast<T>(parse_integer(name, text));
    else if constexpr (std::is_floating_point_v<T>)
      return parse_real(name, text);
    else if constexpr (std::is_enum_v<T>)
      return words_of(T{}).parse(text);
    else if constexpr (std::is_same_v<T, std::vector<std::string>>)
      return split_list(text);
    else
      return text;
  }
};

template <class E>
struct OptionText<std::optional<E>> {
  static void describe(OptionSpec* spec) {
    OptionText<E>::describe(spec);
    spec->choices.insert(spec->choices.begin(), "auto");
  }
  static std::string print(const std::optional<E>& value) {
    return value ? word_of(*value) : "auto";
  }
  static std::optional<E> parse(const std::string& name, const std::string& text) {
    if (text == "auto") return std::nullopt;
    return OptionText<E>::parse(name, text);
  }
};

/// One option of a struct S: its name, the member it sets, its help and its domain. Its default is
/// what the member of a fresh S holds, and its kind follows from the member's type.
template <class S>
class Option {
 public:
  template <class T>
  Option(const std::string& name, T S::*member, std::string help) {
    spec_.name = name;
    spec_.help = std::move(help);
    OptionText<T>::describe(&spec_);
    print_ = [member](const S& s) { return OptionText<T>::print(s.*member); };
    set_ = [member, name](const std::string& text, S* s) {
      s->*member = OptionText<T>::parse(name, text);
    };
  }
  /// An option that sets a member of a part of S.
  template <class Part, class T>
  Option(const std::string& name, Part S::*part, T Part::*member, std::string help)
      : Option(Option<Part>(name, member, std::move(help)).within(part)) {}

  /// An option that sets what `place`, a function of S& that returns a reference, leads to.
  template <class Place>
  static Option at(const std::string& name, Place place, std::string help) {
    using T = std::decay_t<decltype(place(std::declval<S&>()))>;
    OptionSpec spec;
    spec.name = name;
    spec.help = std::move(help);
    OptionText<T>::describe(&spec);
    return {std::move(spec),
            // A place is a reference into S, through which nothing is written here.
            [place](const S& s) { return OptionText<T>::print(place(const_cast<S&>(s))); },
            [place, name](const std::string& text, S* s) {
              place(*s) = OptionText<T>::parse(name, text);
            }};
  }

  Option at_least(double bound) const { return with(spec_.at_least(bound)); }
  Option above(double bound) const { return with(spec_.above(bound)); }
  Option between(double low, double high) const { return with(spec_.between(low, high)); }
  /// Returns the option as a text that must be one of these words.
  Option one_of(std::vector<std::string> words) const {
    Option copy = *this;
    copy.spec_.kind = OptionSpec::Kind::kChoice;
    copy.spec_.choices = std::move(words);
    return copy;
  }
  /// Returns the option as a list of some of these words. Whoever takes the list refuses others.
  Option some_of(std::vector<std::string> words) const {
    Option copy = *this;
    copy.spec_.choices = std::move(words);
    return copy;
  }
  /// Returns the option as one whose value is shown as `placeholder` in help.
  Option shown_as(std::string placeholder) const {
    Option copy = *this;
    copy.spec_.placeholder = std::move(placeholder);
    return copy;
  }
  /// Returns the option as a number or `word`, which stands for the number written as `value`.
  Option or_word(const std::string& word, const std::string& value) const {
    return with(spec_.or_word(word)).alias(word, value);
  }
  /// Returns the option as a flag whose values have names of their own, that of false first.
  Option named(const std::string& no, const std::string& yes) const {
    return one_of({no, yes}).alias(no, "false").alias(yes, "true");
  }

  /// Returns the same option for a struct that has S as a part.
  template <class Whole>
  Option<Whole> within(S Whole::*part) const {
    return Option<Whole>(
        spec_, [part, print = print_](const Whole& whole) { return print(whole.*part); },
        [part, set = set_](const std::string& text, Whole* whole) { set(text, &(whole->*part)); });
  }

  /// Returns the option as it is documented and checked, with the value of `defaults` as its
  /// default.
  OptionSpec spec(const S& defaults) const {
    OptionSpec out = spec_;
    out.default_value = print_(defaults);
    return out;
  }
  /// Sets the member from a value that was checked. Throws ConfigError where it cannot be read.
  void read(const OptionValues& values, S* out) const { set_(values.text(spec_.name), out); }

 private:
  template <class>
  friend class Option;
  using Print = std::function<std::string(const S&)>;
  using Set = std::function<void(const std::string&, S*)>;

  Option(OptionSpec spec, Print print, Set set)
      : spec_(std::move(spec)), print_(std::move(print)), set_(std::move(set)) {}

  Option with(OptionSpec spec) const { return {std::move(spec), print_, set_}; }
  Option alias(const std::string& word, const std::string& value) const {
    return {
        spec_,
        [=, print = print_](const S& s) {
          const std::string text = print(s);
          return text == value ? word : text;
        },
        [=, set = set_](const std::string& text, S* s) { set(text == word ? value : text, s); }};
  }

  OptionSpec spec_;
  Print print_;
  Set set_;
};

/// The options of a struct S, in the order they are shown: from this one list come help, checks,
/// defaults and the filling of the struct.
template <class S>
class OptionTable {
 public:
  OptionTable() = default;
  OptionTable(std::initializer_list<Option<S>> rows) : rows_(rows) {}

  OptionTable& add(std::initializer_list<Option<S>> rows) {
    rows_.insert(rows_.end(), rows);
    return *this;
  }
  OptionTable& add(const OptionTable& other) {
    rows_.insert(rows_.end(), other.rows_.begin(), other.rows_.end());
    return *this;
  }
  /// Appends the options of a part of S.
  template <class Part>
  OptionTable& add(Part S::*part, const OptionTable<Part>& table) {
    for (const Option<Part>& row : table.rows()) rows_.push_back(row.within(part));
    return *this;
  }

  const std::vector<Option<S>>& rows() const { return rows_; }
  std::vector<OptionSpec> specs(const S& defaults = S()) const {
    std::vector<OptionSpec> out;
    for (const Option<S>& row : rows_) out.push_back(row.spec(defaults));
    return out;
  }
  void read(const OptionValues& values, S* out) const {
    for (const Option<S>& row : rows_) row.read(values, out);
  }
  S read(const OptionValues& values) const {
    S out;
    read(values, &out);
    return out;
  }

 private:
  std::vector<Option<S>> rows_;
};

/// Returns a component's factory: it reads the options of `table` and calls make(options, rest...).
template <class S, class Make>
auto with_options(OptionTable<S> table, Make make) {
  return [table = std::move(table), make](const OptionValues& own, const auto&... rest) {
    return make(table.read(own), rest...);
  };
}

}  // namespace medpfl
