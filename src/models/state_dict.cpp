#include "models/state_dict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "core/text.hpp"
#include "models/safetensors.hpp"
#include "models/torch_file.hpp"

namespace medpfl {
namespace {

constexpr size_t kMostNamed = 6;  // tensors of one kind that an error names

// Takes off what wrappers of networks put in front of all names, each time all have it.
void drop_prefixes(StateDict* tensors) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string prefix : {"_orig_mod.", "module.", "model.", "net."}) {
      const auto has_prefix = [&](const auto& item) { return item.first.rfind(prefix, 0) == 0; };
      if (tensors->empty() || !std::all_of(tensors->begin(), tensors->end(), has_prefix)) continue;
      StateDict out;
      for (auto& [name, tensor] : *tensors) out.emplace(name.substr(prefix.size()), tensor);
      *tensors = std::move(out);
      again = true;
    }
  }
}

void drop_counters(StateDict* tensors) {
  const std::string counter = "num_batches_tracked";
  for (auto at = tensors->begin(); at != tensors->end();) {
    const std::string& name = at->first;
    const bool ends = name.size() >= counter.size() &&
                      name.compare(name.size() - counter.size(), counter.size(), counter) == 0;
    at = ends ? tensors->erase(at) : std::next(at);
  }
}

void note(const std::string& what, std::vector<std::string> names,
          std::vector<std::string>* lines) {
  if (names.empty()) return;
  const size_t n = names.size();
  if (n > kMostNamed) names.resize(kMostNamed);
  lines->push_back(fmt::format("{} {}: {}{}", n, what, join(names), n > kMostNamed ? ", ..." : ""));
}

}  // namespace

StateDict read_state_dict(std::string_view bytes, const std::string& where) {
  const std::string advice =
      "expected is what torch.save(model.state_dict(), ...), torch.jit.save or safetensors wrote";
  const auto begins = [bytes](std::string_view mark) {
    return bytes.substr(0, mark.size()) == mark;
  };
  try {
    if (begins("PK\x03\x04")) return read_torch_zip(bytes);
    if (is_safetensors(bytes)) return read_safetensors(bytes);
    if (begins("\x80")) return read_torch_legacy(bytes);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}; {}", where, error.what(), advice));
  }
  if (is_git_lfs_pointer(bytes))
    throw DataError(
        fmt::format("{}: is a pointer of Git LFS; git lfs pull fetches the file", where));
  throw DataError(fmt::format("{}: {}; {}", where,
                              bytes.empty() ? "is empty" : "is no file of weights", advice));
}

void load_state_dict(StateDict tensors, const Model& model, bool new_head, const std::string& where,
                     FlatParameters* weights) {
  drop_prefixes(&tensors);
  drop_counters(&tensors);
  const Layer& first = model.layers().front();
  const bool imprint = first.kind == Layer::Kind::kImprint;
  std::vector<std::string> missing, unlike, typed, broken, unexpected, lines;
  for (int64_t i = 0; i < model.layout().count(); ++i) {
    if (imprint && (i == first.weight || i == first.bias))
      continue;  // the server's, not the file's
    const ParameterLayout::Entry& entry = model.layout()[i];
    const auto found = tensors.find(entry.name);
    const at::Tensor tensor = found == tensors.end() ? at::Tensor() : found->second;
    if (found != tensors.end()) tensors.erase(found);
    if (new_head && (i == model.head().weight || i == model.head().bias)) continue;
    if (!tensor.defined()) {
      missing.push_back(entry.name);
    } else if (tensor.sizes() != at::IntArrayRef(entry.shape)) {
      unlike.push_back(fmt::format("{} ({} in the file, {} in the network)", entry.name,
                                   fmt::join(tensor.sizes(), "x"), fmt::join(entry.shape, "x")));
    } else if (!tensor.is_floating_point()) {
      typed.push_back(fmt::format("{} ({})", entry.name, c10::toString(tensor.scalar_type())));
    } else {
      weights->view(i).copy_(tensor);
      // Behind the conversion: 1e300 is finite in the file alone.
      if (!weights->view(i).isfinite().all().item<bool>()) broken.push_back(entry.name);
    }
  }
  for (const auto& [name, tensor] : tensors) unexpected.push_back(name);
  note("missing", missing, &lines);
  note("of another shape", unlike, &lines);
  note("not of floating-point numbers", typed, &lines);
  note("with NaN or infinity", broken, &lines);
  note("that the network does not have", unexpected, &lines);
  if (lines.empty()) return;
  if (lines.size() == 1 && !broken.empty())
    throw DataError(fmt::format("{}: {}; they are of a training that diverged, or a damaged file",
                                where, lines[0]));
  throw DataError(fmt::format(
      "{}: its tensors are not those of model.name={} with these options: {}; choose the network "
      "they come from, or, where the head alone has other classes, model.new_head=true",
      where, model.name(), join(lines, "; ")));
}

}  // namespace medpfl
