#include "results/run/recorded_layout.hpp"

#include <string>
#include <vector>

#include "core/text.hpp"

namespace medpfl {

ParameterLayout recorded_layout(const h5::File& run) {
  ParameterLayout layout;
  const auto names = run.read<std::string>("/model/name");
  const auto shapes = run.read<std::string>("/model/shape");
  std::vector<int64_t> statistic(names.size(), 0);
  if (run.exists("/model/statistic")) statistic = run.read<int64_t>("/model/statistic");
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<int64_t> shape;
    for (const std::string& extent : split_list(shapes[i], 'x'))
      shape.push_back(std::stoll(extent));
    statistic.at(i) != 0 ? layout.add_statistic(names[i], shape) : layout.add(names[i], shape);
  }
  return layout;
}

}  // namespace medpfl
