#include "federation/evaluation.hpp"

#include <algorithm>
#include <vector>

#include "core/bytes.hpp"
#include "data/dataset.hpp"
#include "models/differentiator.hpp"

namespace medpfl {

Utility evaluate_global(const Communicator& comm, const Model& model, const FlatParameters& weights,
                        const FederatedData& data) {
  const Differentiator differentiator(model, weights);
  ByteWriter mine;
  for (const at::Tensor& block : data.test_blocks) {
    const at::Tensor logits = differentiator.logits(to_unit_range(block)).contiguous();
    mine.array(logits.data_ptr<float>(), logits.numel());
  }
  const std::vector<std::string> all = comm.gather(mine.take());
  if (!comm.is_root()) return {};
  std::vector<ByteReader> readers;
  for (const std::string& bytes : all) readers.emplace_back(bytes);
  std::vector<float> logits;
  const auto images = static_cast<int64_t>(data.test_labels.size());
  for (int64_t block = 0; block * kEvaluationBlock < images; ++block) {
    const auto part = readers[static_cast<size_t>(block % comm.size())].array<float>();
    logits.insert(logits.end(), part.begin(), part.end());
  }
  return evaluate_utility(logits, data.test_labels, model.classes());
}

}  // namespace medpfl
