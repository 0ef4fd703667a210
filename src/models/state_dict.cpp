#include "models/state_dict.hpp"

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstring>
#include <sstream>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "models/unpickler.hpp"

namespace medpfl {
namespace {

constexpr size_t kMostNamed = 6;  // tensors of one kind that an error names

void fill_storage(const at::Tensor& storage, const void* bytes, size_t n) {
  if (n != storage.nbytes()) throw DataError("a tensor has another size than it says");
  if (n > 0) std::memcpy(storage.data_ptr(), bytes, n);
}

StateDict collect(const c10::IValue& root) {
  if (!root.isGenericDict()) throw DataError("it holds no dict of tensors");
  const c10::impl::GenericDict dict = root.toGenericDict();
  if (dict.contains("state_dict")) return collect(dict.at("state_dict"));
  StateDict out;
  for (const auto& item : dict) {
    if (!item.key().isString() || !item.value().isTensor())
      throw DataError("it holds other things than tensors by name");
    out.emplace(item.key().toStringRef(), item.value().toTensor());
  }
  return out;
}

StateDict read_script(const std::string& bytes) {
  std::istringstream in(bytes);
  const torch::jit::Module module = torch::jit::load(in, at::Device(at::kCPU));
  StateDict out;
  for (const auto& item : module.named_parameters()) out.emplace(item.name, item.value.detach());
  for (const auto& item : module.named_buffers()) out.emplace(item.name, item.value.detach());
  return out;
}

StateDict read_zip(const std::string& bytes) {
  std::istringstream in(bytes);
  caffe2::serialize::PyTorchStreamReader archive(&in);
  if (archive.hasRecord("constants.pkl")) return read_script(bytes);
  const auto pickle = archive.getRecord("data.pkl");
  Unpickler reader({static_cast<const char*>(std::get<0>(pickle).get()), std::get<1>(pickle)});
  StateDict out = collect(reader.read());
  for (const auto& [key, storage] : reader.storages()) {
    const auto record = archive.getRecord("data/" + key);
    fill_storage(storage, std::get<0>(record).get(), std::get<1>(record));
  }
  return out;
}

// Pickles of a magic number, a version and the machine, then the state dict and the keys of its
// storages; behind them each storage with its number of elements before.
StateDict read_legacy(const std::string& bytes) {
  Unpickler reader(bytes);
  for (int i = 0; i < 3; ++i) reader.read();
  StateDict out = collect(reader.read());
  const c10::IValue keys = reader.read();
  for (const c10::IValue& key : keys.toListRef()) {
    const at::Tensor& storage = reader.storages().at(key.toStringRef());
    reader.take(sizeof(int64_t));
    const std::string_view values = reader.take(storage.nbytes());
    fill_storage(storage, values.data(), values.size());
  }
  return out;
}

void drop_prefix(const std::string& prefix, StateDict* tensors) {
  for (const auto& [name, tensor] : *tensors)
    if (name.rfind(prefix, 0) != 0) return;
  StateDict out;
  for (const auto& [name, tensor] : *tensors) out.emplace(name.substr(prefix.size()), tensor);
  *tensors = std::move(out);
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

StateDict read_state_dict(const std::string& bytes, const std::string& where) {
  const std::string advice =
      "expected is what torch.save(model.state_dict(), ...) or torch.jit.save wrote";
  try {
    if (bytes.rfind("PK\x03\x04", 0) == 0) return read_zip(bytes);
    if (bytes.rfind('\x80', 0) == 0) return read_legacy(bytes);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}; {}", where, error.what(), advice));
  } catch (const std::exception& error) {
    const std::string text = error.what();
    throw DataError(
        fmt::format("{}: is damaged ({}); {}", where, text.substr(0, text.find('\n')), advice));
  }
  throw DataError(fmt::format("{}: is no file of weights; {}", where, advice));
}

void load_state_dict(StateDict tensors, const Model& model, bool new_head, const std::string& where,
                     FlatParameters* weights) {
  drop_prefix("module.", &tensors);
  drop_prefix("model.", &tensors);
  drop_counters(&tensors);
  const Layer& first = model.layers().front();
  const bool imprint = first.kind == Layer::Kind::kImprint;
  std::vector<std::string> missing, unlike, broken, unexpected, lines;
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
    } else if (!tensor.isfinite().all().item<bool>()) {
      broken.push_back(entry.name);
    } else {
      weights->view(i).copy_(tensor);
    }
  }
  for (const auto& [name, tensor] : tensors) unexpected.push_back(name);
  note("missing", missing, &lines);
  note("of another shape", unlike, &lines);
  note("with NaN or infinity", broken, &lines);
  note("that the network does not have", unexpected, &lines);
  if (lines.empty()) return;
  throw DataError(fmt::format(
      "{}: its tensors are not those of model.name={} with these options: {}; choose the network "
      "they come from, or, where the head alone has other classes, model.new_head=true",
      where, model.name(), join(lines, "; ")));
}

}  // namespace medpfl
