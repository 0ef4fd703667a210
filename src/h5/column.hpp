#pragma once
#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace medpfl::h5 {

/// What was read of a file: the values of a dataset in row-major order, those of an attribute, or a
/// shape. It refuses the index of a value that it lacks by a FormatError that names the file: the
/// columns of a damaged table may differ in length.
template <class T>
class Column : public std::vector<T> {
 public:
  Column() = default;
  /// `where` names the values in errors.
  Column(std::vector<T> values, std::string where)
      : std::vector<T>(std::move(values)), where_(std::move(where)) {}

  const T& operator[](size_t i) const {
    if (i >= this->size())
      throw FormatError(fmt::format("{} has {} values, and one more is needed; the file is damaged",
                                    where_, this->size()));
    return *(this->begin() + static_cast<std::ptrdiff_t>(i));
  }
  const T& at(size_t i) const { return (*this)[i]; }
  const T& front() const { return (*this)[0]; }
  const T& back() const { return (*this)[this->size() - 1]; }

 private:
  std::string where_;
};

}  // namespace medpfl::h5
