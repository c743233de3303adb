#!/usr/bin/env python3
"""Reads what `recodi label RUN --format recodi,ao,nla` wrote as its consumers do, and prints what it found; docs/interop.md keeps what it
printed last. Nothing of recodi needs Python: this shows that others' tools read the files.

    python interop/read_exports.py RUN/labels                  needs numpy, pandas, pyarrow, pyyaml, safetensors
        [--nla CHECKOUT]         of github.com/kitft/natural_language_autoencoders: its own reader of sidecars and columns (torch)
        [--ao CHECKOUT]          of github.com/adamkarvonen/activation_oracles: its own rows (torch, transformers, peft)
        [--tokenizer FOLDER]     a Hugging Face folder with a chat template, for the ids that those two make of the rows

Where `datasets` is installed, every configuration of the card is loaded by it too. The first thing that is not as a consumer expects it
ends the script with exit status 1 and a sentence.
"""

import argparse
import functools
import hashlib
import importlib.metadata
import json
import pathlib
import platform
import re
import sys
import tempfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from safetensors import safe_open

# Every name here is the consumer's: nl_probes/utils/dataset_utils.py, nla/datagen/stage3_build.py and nla/datagen/sidecar.py.
AO_FIELDS = (
    "datapoint_type input_ids labels layer steering_vectors positions feature_idx target_output context_input_ids "
    "context_positions ds_label meta_info"
).split()
NLA_COLUMNS = {
    "prompt": pa.list_(pa.field("element", pa.struct([("role", pa.string()), ("content", pa.string())]))),
    "response": pa.string(),
    "n_raw_tokens": pa.int64(),
    "activation_layer": pa.int64(),
    "doc_id": pa.string(),
}
NLA_EXTRACTION = "base_model d_model layer_index norm corpus corpus_slice positions_per_doc".split()
NLA_TOKENS = (
    "injection_char injection_token_id injection_left_neighbor_id injection_right_neighbor_id critic_suffix_ids"
).split()
EVIDENCE = (
    "label view split similarity fve gap probability accept verbalisable readable used adds follows run config_sha256 recodi"
).split()


def expect(holds, sentence):
    if not holds:
        sys.exit(f"read_exports: {sentence}")


def say(name, sentence):
    print(f"{name + ':':<13}{sentence}")


def json_lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def read_recodi(folder):
    """Labels by id, each with its row of the vectors and of the latents."""
    expect((folder / "labels.jsonl").exists(), f"{folder} holds no labels.jsonl; name the labels folder of a run")
    labels = json_lines(folder / "labels.jsonl")
    with safe_open(folder / "vectors.safetensors", "np") as file:
        vectors, latents, metadata = file.get_tensor("vectors"), file.get_tensor("latents"), file.metadata()
    expect(
        metadata["labels_sha256"] == hashlib.sha256((folder / "labels.jsonl").read_bytes()).hexdigest(),
        "the vectors belong to another labels.jsonl",
    )
    n, d = vectors.shape
    expect(
        n == len(labels) == len(latents) and latents.shape[2] == d,
        f"{len(labels)} labels, vectors {vectors.shape}, latents {latents.shape}",
    )
    expect(np.isfinite(vectors).all() and np.isfinite(latents).all(), "a vector is not finite")
    accepted = sum(label["accepted"] for label in labels)
    made = labels[0]["provenance"]
    say("recodi", f"run {made['run']}, config {made['config_sha256'][:12]}…, recodi {made['recodi']}")
    norms = np.linalg.norm(vectors, axis=1)
    say(
        "recodi",
        f"{n} labels, {accepted} accepted; vectors {vectors.shape}, latents {latents.shape}, {vectors.dtype}, norms {norms.min():.2f} to {norms.max():.2f}",
    )
    return {label["id"]: (label, vectors[i], latents[i]) for i, label in enumerate(labels)}


def check_evidence(name, evidence, label):
    scores, verdicts = label["scores"], label["verdicts"]
    expect(set(EVIDENCE) <= set(evidence), f"{name}: {label['id']} lacks {set(EVIDENCE) - set(evidence)}")
    for key in ("similarity", "fve", "gap"):
        expect(evidence[key] == scores[key], f"{name}: {label['id']}: {key} {evidence[key]}, expected {scores[key]}")
    for key in ("verbalisable", "readable", "used", "adds"):
        expect(evidence[key] == verdicts[key]["holds"], f"{name}: {label['id']}: {key} {evidence[key]}")
    expect(evidence["config_sha256"] == label["provenance"]["config_sha256"], f"{name}: {label['id']}: config")
    expect(label["accepted"] and evidence["readable"], f"{name}: {label['id']} was not accepted")
    probable = evidence["probability"] is None or evidence["probability"] >= evidence["accept"]
    expect(probable, f"{name}: {label['id']}: probability {evidence['probability']} < {evidence['accept']}")


def read_ao(folder, labels, checkout, tokenizer):
    rows = json_lines(folder / "ao/rows.jsonl")
    for row in rows:
        expect(sorted(row) == sorted(AO_FIELDS), f"ao: fields {sorted(row)}, expected {sorted(AO_FIELDS)}")
        label, _, latents = labels[row["meta_info"]["label"]]
        check_evidence("ao", row["meta_info"], label)
        expect(
            np.array_equal(np.float32(row["steering_vectors"]), latents),
            f"ao: other vectors than the latents of {label['id']}",
        )
        expect(row["target_output"] == label["explanation"], f"ao: another explanation than that of {label['id']}")
        expect(len(row["input_ids"]) == len(row["labels"]), "ao: input_ids and labels differ in length")
        expect(len(row["positions"]) in (0, len(latents)), "ao: positions and vectors differ in number")
    written = sum(len(row["input_ids"]) > 0 for row in rows)
    say(
        "ao",
        f"{len(rows)} rows of the consumer's {len(AO_FIELDS)} fields; vectors equal the latents; ids written in {written}",
    )
    if not checkout:
        return
    sys.path.insert(0, str(checkout))
    import torch
    from nl_probes.utils.dataset_utils import TrainingDataPoint, construct_batch, create_training_datapoint

    if written:
        vectors = [torch.tensor(row["steering_vectors"]) for row in rows]
        points = [
            TrainingDataPoint(**{**row, "steering_vectors": v}) for row, v in zip(rows, vectors) if row["input_ids"]
        ]
        say("ao", f"its own TrainingDataPoint takes the {len(points)} rows that have ids")
    if not tokenizer:
        return
    made = [
        create_training_datapoint(
            datapoint_type=row["datapoint_type"],
            prompt=row["meta_info"]["question"],
            target_response=row["target_output"],
            layer=row["layer"],
            num_positions=len(row["steering_vectors"]),
            tokenizer=tokenizer,
            acts_BD=torch.tensor(row["steering_vectors"]),
            feature_idx=row["feature_idx"],
            context_input_ids=row["context_input_ids"],
            context_positions=row["context_positions"],
            ds_label=row["ds_label"],
            meta_info=row["meta_info"],
        )
        for row in rows
    ]
    batch = construct_batch(made, tokenizer, torch.device("cpu"))
    say(
        "ao",
        f"its own create_training_datapoint makes {len(made)} of {len(rows)} rows, construct_batch a batch of {tuple(batch.input_ids.shape)}",
    )
    prompt = tokenizer.decode(made[0].input_ids)
    expect(rows[0]["meta_info"]["prompt"] in prompt, f"ao: the turn is not the one of meta_info.prompt: {prompt!r}")


def read_nla(folder, labels, checkout, tokenizer):
    path = folder / "nla/labels.parquet"
    schema = pq.read_schema(path)
    table = pq.read_table(path)
    d = len(next(iter(labels.values()))[1])
    for name, kind in NLA_COLUMNS.items():
        expect(schema.field(name).type == kind, f"nla: {name} is {schema.field(name).type}, expected {kind}")
    vector = schema.field("activation_vector").type
    expect(
        pa.types.is_fixed_size_list(vector) and vector.list_size == d and vector.value_type == pa.float32(),
        f"nla: activation_vector is {vector}",
    )
    # As NLADataSource reads it: the vectors without a Python object each, the other columns row by row.
    vectors = table.column("activation_vector").combine_chunks().flatten().to_numpy().reshape(len(table), -1)
    rows = table.drop_columns(["activation_vector"]).to_pylist()
    for row, values in zip(rows, vectors, strict=True):
        label, own, _ = labels[row["label"]]
        check_evidence("nla", row, label)
        expect(np.array_equal(values, own), f"nla: another vector than that of {label['id']}")
        expect(
            any("<INJECT>" in message["content"] for message in row["prompt"]),
            f"nla: {label['id']}: no <INJECT> in the prompt",
        )
        found = re.search("<explanation>(.*?)</explanation>", row["response"], re.DOTALL)
        expect(
            found and found.group(1).strip() == label["explanation"].strip(),
            f"nla: {label['id']}: response {row['response']!r}",
        )
        expect(
            row["doc_id"] == label["problem"] and row["n_raw_tokens"] > 0, f"nla: {label['id']}: doc_id or n_raw_tokens"
        )
    frame = pd.read_parquet(path)
    expect(
        len(frame) == len(rows) and list(frame["response"]) == [row["response"] for row in rows],
        "nla: pandas reads other rows",
    )
    say("nla", f"{len(rows)} rows; activation_vector {vector}; vectors equal the labels' own; pandas reads the same")

    sidecar = path.with_name(path.name + ".nla_meta.yaml")
    meta = yaml.safe_load(sidecar.read_text(encoding="utf8"))
    expect(
        meta["kind"] == "nla_dataset" and meta["schema_version"] == 1 and meta["stage"] == "av_sft",
        f"{sidecar}: {meta}",
    )
    expect(
        sorted(meta["extraction"]) == sorted(NLA_EXTRACTION), f"{sidecar}: extraction has {sorted(meta['extraction'])}"
    )
    expect(sorted(meta["tokens"]) == sorted(NLA_TOKENS), f"{sidecar}: tokens has {sorted(meta['tokens'])}")
    expect(meta["row_count"] == len(rows) and meta["extraction"]["d_model"] == d, f"{sidecar}: row_count or d_model")
    expect(meta["extraction"]["norm"] == "none", f"{sidecar}: norm {meta['extraction']['norm']}")
    content = meta["prompt_templates"]["actor"].format(injection_char="<INJECT>")
    expect(
        all(row["prompt"] == [{"role": "user", "content": content}] for row in rows),
        f"{sidecar}: prompts are not of the actor's template",
    )
    expect(meta["prompt_templates"]["critic"].format(explanation="x"), f"{sidecar}: critic's template")
    id_ = meta["tokens"]["injection_token_id"]
    say(
        "nla",
        f"sidecar {meta['dataset_id']}, of layer {meta['extraction']['layer_index']}; injection token {'left to the verbaliser' if id_ is None else id_}",
    )
    if not checkout:
        return
    sys.path.insert(0, str(checkout))
    from nla.config import load_nla_config
    from nla.datagen.injection_tokens import build_token_meta
    from nla.datagen.sidecar import deserialize_sidecar, serialize_sidecar
    from nla.schema import extract_explanation, load_predict_mean_baselines

    own = deserialize_sidecar(sidecar.read_text(encoding="utf8"))
    taken = sum(extract_explanation(row["response"]) == labels[row["label"]][0]["explanation"].strip() for row in rows)
    expect(taken == len(rows), f"nla: extract_explanation gives {taken} of {len(rows)} explanations")
    baselines = load_predict_mean_baselines(str(path), mse_scale=d**0.5)
    say(
        "nla",
        f"its own deserialize_sidecar takes the sidecar, extract_explanation {taken} of {len(rows)} responses; predicting the mean has the MSE {baselines[1]:.3f}",
    )
    if not tokenizer:
        return
    added = len(tokenizer.encode(own.tokens.injection_char, add_special_tokens=False)) > 1
    if added:
        tokenizer.add_tokens([own.tokens.injection_char])
    own.tokens = build_token_meta(tokenizer, own.prompt_templates["actor"])
    with tempfile.TemporaryDirectory() as filled:
        filled_path = pathlib.Path(filled) / path.name
        filled_path.with_name(sidecar.name).write_text(serialize_sidecar(own), encoding="utf8")
        config = load_nla_config(str(filled_path), tokenizer)
    token = f"{config.injection_char}, {config.injection_token_id}{', added to the tokenizer' if added else ''}"
    say("nla", f"its own load_nla_config takes the sidecar with the tokens that build_token_meta gives ({token})")


def rows_in(file):
    if file.suffix == ".parquet":
        return pq.read_table(file, columns=["label"]).to_pylist()
    return json_lines(file)


def id_of(row):
    """Of the label that a row is of, in any of the formats."""
    return row.get("id") or row.get("label") or row["meta_info"]["label"]


def read_card(folder):
    text = (folder / "README.md").read_text(encoding="utf8")
    meta = yaml.safe_load(text.split("---\n")[1])
    name_of = f"card {folder.name}"
    files = {config["config_name"]: folder / config["data_files"][0]["path"] for config in meta["configs"]}
    say(name_of, f"front matter with the configurations {', '.join(files)}; {', '.join(meta['size_categories'])}")
    try:
        import datasets
    except ImportError:
        say(name_of, "datasets is not installed, so nothing was loaded by it")
        return
    datasets.disable_progress_bars()
    for name, file in files.items():
        ((split, rows),) = datasets.load_dataset(str(folder), name).items()
        expect(
            list(map(id_of, rows)) == list(map(id_of, rows_in(file))),
            f"card: datasets loads other rows than {file} has",
        )
        say(name_of, f"datasets.load_dataset loads {name}: {split}, {len(rows)} rows, {len(rows.features)} columns")


def version_of(package):
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=pathlib.Path)
    parser.add_argument("--nla", type=pathlib.Path)
    parser.add_argument("--ao", type=pathlib.Path)
    parser.add_argument("--tokenizer", type=pathlib.Path)
    options = parser.parse_args()
    tokenizer = None
    if options.tokenizer:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(options.tokenizer, local_files_only=True)
        # Both were written for transformers 4, where a chat template gives ids and nothing around them.
        tokenizer.apply_chat_template = functools.partial(tokenizer.apply_chat_template, return_dict=False)
    packages = ("numpy", "pandas", "pyarrow", "safetensors", "datasets", "torch", "transformers")
    say("versions", f"Python {platform.python_version()}, {', '.join(filter(None, map(version_of, packages)))}")
    labels = read_recodi(options.labels)
    if (options.labels / "ao").exists():
        read_ao(options.labels, labels, options.ao, tokenizer)
    if (options.labels / "nla").exists():
        read_nla(options.labels, labels, options.nla, tokenizer)
    for card in sorted(options.labels.glob("**/README.md")):
        read_card(card.parent)


if __name__ == "__main__":
    main()
