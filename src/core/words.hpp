#pragma once
#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {

/// The words by which users name the values of an enum, in the order they are shown. An enum that
/// is an option has a function `const Words<E>& words_of(E)` beside it.
template <class E>
class Words {
 public:
  Words(std::initializer_list<std::pair<E, const char*>> rows) : rows_(rows) {}

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [value, word] : rows_) out.emplace_back(word);
    return out;
  }

  std::vector<E> values() const {
    std::vector<E> out;
    for (const auto& [value, word] : rows_) out.push_back(value);
    return out;
  }

  /// Returns the value that `word` names. Throws ConfigError with the words known.
  E parse(const std::string& word) const {
    for (const auto& [value, known] : rows_)
      if (word == known) return value;
    throw ConfigError(fmt::format("'{}' is not allowed: use one of: {}", word, join(names())));
  }

  /// Returns the word for `value`, which must have one.
  std::string name(E value) const {
    for (const auto& [known, word] : rows_)
      if (value == known) return word;
    throw Error(ExitCode::kInternal, "a value of an enum has no word");
  }

 private:
  std::vector<std::pair<E, const char*>> rows_;
};

/// Returns the word of an enum that has words_of().
template <class E>
std::string word_of(E value) {
  return words_of(value).name(value);
}

}  // namespace medpfl
