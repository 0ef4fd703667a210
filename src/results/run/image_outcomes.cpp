#include "results/run/image_outcomes.hpp"

#include <vector>

namespace medpfl {

void for_each_outcome(const h5::File& run, int64_t network, ImageNumbers* images,
                      const TakeOutcome& take) {
  const auto method = run.read<std::string>("/attacks/tasks/method");
  const auto kind = run.read<std::string>("/attacks/tasks/kind");
  const auto round = run.read<int64_t>("/attacks/tasks/round");
  const auto client = run.read<int64_t>("/attacks/tasks/client");
  const auto probe = run.read<int64_t>("/attacks/tasks/probe");
  const auto chosen = run.read<int64_t>("/attacks/tasks/chosen");
  const auto task = run.read<int64_t>("/attacks/images/task");
  const auto cluster = run.read<int64_t>("/attacks/images/cluster");
  const auto identified = run.read<int64_t>("/attacks/images/identified");
  for (size_t i = 0; i < task.size(); ++i) {
    const auto t = static_cast<size_t>(task[i]);
    if (chosen[t] == 0) continue;
    // One image at a time: those of all runs may not fit into memory.
    const auto pixels = run.read_rows<float>("/attacks/truth", static_cast<int64_t>(i), 1);
    const int64_t image = images->number(pixels.data(), pixels.size() * sizeof(float));
    take({kind[t], method[t], round[t], client[t], probe[t]},
         {image, cluster[i], network, identified[i] != 0});
  }
}

}  // namespace medpfl
