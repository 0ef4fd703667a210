#include "core/tensor_selection.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {

std::vector<bool> match_tensors(const ParameterLayout& layout,
                                const std::vector<std::string>& patterns,
                                const std::string& option) {
  std::vector<bool> chosen(static_cast<size_t>(layout.count()), false);
  std::vector<std::string> names;
  for (const ParameterLayout::Entry& tensor : layout.entries()) names.push_back(tensor.name);
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (pattern != "all" && ::fnmatch(pattern.c_str(), names[i].c_str(), 0) != 0) continue;
      chosen[i] = any = true;
    }
    if (any) continue;
    const std::string guess = nearest(pattern, names);
    throw ConfigError(fmt::format(
        "{}: '{}' is no parameter tensor of the network{}; there are {}", option, pattern,
        guess.empty() ? "" : fmt::format(" (did you mean {}?)", guess), join(names)));
  }
  return chosen;
}

}  // namespace medpfl
