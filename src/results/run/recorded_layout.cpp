#include "results/run/recorded_layout.hpp"

#include <charconv>
#include <string>
#include <vector>

#include "core/text.hpp"

namespace medpfl {
namespace {

// Reads a shape as "12x3x5x5".
std::vector<int64_t> parse_shape(const std::string& text) {
  std::vector<int64_t> shape;
  for (const std::string& word : split_list(text, 'x')) {
    const char* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, shape.emplace_back());
    if (parsed.ec != std::errc() || parsed.ptr != end || shape.back() < 1)
      throw FormatError(fmt::format("'{}' is no shape", escaped(text)));
  }
  return shape;
}

}  // namespace

ParameterLayout recorded_layout(const h5::File& run) {
  ParameterLayout layout;
  const auto names = run.read<std::string>("/model/name");
  const auto shapes = run.read<std::string>("/model/shape");
  const auto statistic = run.read_or<int64_t>("/model/statistic", names.size(), 0);
  for (size_t i = 0; i < names.size(); ++i) {
    try {
      const std::vector<int64_t> shape = parse_shape(shapes[i]);
      statistic[i] != 0 ? layout.add_statistic(names[i], shape) : layout.add(names[i], shape);
    } catch (const Error& error) {
      throw FormatError(fmt::format("{}: /model has a row that cannot be: {}; the file is damaged",
                                    run.path(), error.what()));
    }
  }
  return layout;
}

}  // namespace medpfl
