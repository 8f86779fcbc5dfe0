// What redis-check-aof does, in its words: scripts look for them.

import Engine
import Persistence
import Primitives
import System

/// A look at an append-only file without a server, and its repair.
struct AppendOnlyCheck {
    /// What is to be done with the file.
    enum Wish: Equatable {
        case look
        /// Cut off what is damaged.
        case fix
        /// Cut off what was written after a moment, in seconds.
        case truncate(Int64)
    }

    let wish: Wish
    let path: String

    /// What the command line behind the program's name asks for.
    static func read(_ arguments: [String], _ name: String) throws(StartupError) -> Invocation {
        switch (arguments.count, arguments.first) {
        case (1, _): return .checkAppendOnlyFile(AppendOnlyCheck(wish: .look, path: arguments[0]))
        case (2, "--fix"): return .checkAppendOnlyFile(AppendOnlyCheck(wish: .fix, path: arguments[1]))
        case (3, "--truncate-to-timestamp"):
            guard let moment = Int64(arguments[1]) else { return .say("Invalid timestamp, aborting...\n", status: 1) }
            // To 0 means: do not, as in Redis.
            return .checkAppendOnlyFile(AppendOnlyCheck(wish: moment == 0 ? .look : .truncate(moment), path: arguments[2]))
        default: return .say("Usage: \(name) [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n", status: 1)
        }
    }

    /// Does it, and says what was found; the exit status.
    func run() -> Int32 {
        do throws(Failure) {
            if try kind(of: path) == .manifest { try checkManifest() } else { try checkSingleFile() }
            return 0
        } catch {
            Self.say(error.text)
            return 1
        }
    }

    /// Ends the check; the text is the last that is said.
    private struct Failure: Error { let text: String }

    private static func say(_ text: String) { File.write([UInt8](text + "\n"), to: 1) }

    // MARK: Kinds of files

    private enum Kind { case empty, manifest, snapshot, commands }

    /// A snapshot has at least those of its header.
    private static var snapshotHeaderBytes: Int { 8 }
    /// Bytes that tell a file's kind.
    private static var headBytes: Int { 1 << 16 }

    private func kind(of path: String) throws(Failure) -> Kind {
        let (file, bytes) = File.openForReading(path)
        guard file >= 0 else { throw Failure(text: "Cannot open file \(path): \(FileError(number: -file).message)") }
        defer { File.closeDescriptor(file) }
        guard bytes != nil else { throw Failure(text: "Cannot read file: \(path)") }
        var head = GrowingBytes(capacity: Self.headBytes)
        guard File.read(file, &head, Self.headBytes) > 0 else { return .empty }
        let text = head.bytes.array
        // Its first line that is no comment tells a manifest, whatever the file's name.
        let first = text.split(separator: 10, omittingEmptySubsequences: false).first { $0.first != 35 }
        if let first, first.starts(with: [UInt8]("file".utf8)) { return .manifest }
        let hasHeader = text.count >= Self.snapshotHeaderBytes
        return hasHeader && text.starts(with: [UInt8]("REDIS".utf8)) || text.starts(with: [UInt8]("VALKEY".utf8)) ? .snapshot : .commands
    }

    // MARK: One file, or many

    private func checkSingleFile() throws(Failure) {
        Self.say("Start checking Old-Style AOF")
        var line = 1
        let end = try check(path, shownAs: path, isLast: true, &line)
        Self.say(end.text(path, title: "AOF"))
    }

    private func checkManifest() throws(Failure) {
        Self.say("Start checking Multi Part AOF")
        let manifest = try readManifest()
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
        var line = 1
        if let base = manifest.base {
            let name = String(decoding: base.name, as: UTF8.self)
            let isSnapshot = try kind(of: directory + name) == .snapshot
            Self.say("Start to check BASE AOF (\(isSnapshot ? "RDB" : "RESP") format).")
            let end = try check(directory + name, shownAs: name, isLast: manifest.increments.isEmpty, &line)
            Self.say(end.text(name, title: "BASE AOF"))
        }
        if !manifest.increments.isEmpty { Self.say("Start to check INCR files.") }
        for (index, file) in manifest.increments.enumerated() {
            let name = String(decoding: file.name, as: UTF8.self)
            let isLast = index == manifest.increments.count - 1
            Self.say(try check(directory + name, shownAs: name, isLast: isLast, &line).text(name, title: "INCR AOF"))
        }
        Self.say("All AOF files and manifest are valid")
    }

    private func readManifest() throws(Failure) -> AppendOnlyManifest {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try File.read(path)
        } catch {
            throw Failure(text: "Cannot open file \(path): \(error.message)")
        }
        do throws(AppendOnlyManifest.Damage) {
            return try AppendOnlyManifest(bytes)
        } catch {
            throw Failure(
                text: "\n*** FATAL AOF MANIFEST FILE ERROR ***\nReading the manifest file, at line \(error.line)\n"
                    + ">>> '\(String(decoding: error.words, as: UTF8.self))'\n\(error.text)")
        }
    }

    // MARK: A file's content

    /// How a file was found or left.
    private enum End {
        case valid, empty, truncated
        case truncatedTo(Int64)

        func text(_ name: String, title: String) -> String {
            switch self {
            case .valid: "\(title) \(name) is valid"
            case .empty: "\(title) \(name) is empty"
            case .truncated: "Successfully truncated AOF \(name)"
            case .truncatedTo(let moment): "Successfully truncated AOF \(name) to timestamp \(moment)"
            }
        }
    }

    private func check(_ path: String, shownAs name: String, isLast: Bool, _ line: inout Int) throws(Failure) -> End {
        guard File.size(path) != nil else {
            let (file, _) = File.openForReading(path)
            if file >= 0 { File.closeDescriptor(file) }
            throw Failure(text: "Cannot open file \(path): \(FileError(number: file < 0 ? -file : 0).message), aborting...")
        }
        let kind = try kind(of: path)
        guard kind != .empty else { return .empty }
        var start = 0
        if kind == .snapshot {
            guard let end = SnapshotCheck.end(of: path, shownAs: name) else {
                throw Failure(text: "RDB preamble of AOF file is not sane, aborting.")
            }
            Self.say("RDB preamble is OK, proceeding with AOF tail...")
            start = end
        }
        let (file, bytes) = File.openForReading(path)
        guard file >= 0, let size = bytes else { throw Failure(text: "Cannot read file: \(path)") }
        defer { File.closeDescriptor(file) }
        File.seek(file, to: start)
        let source = ByteSource(total: size - start, checks: false) { File.read(file, &$0, $1) }
        var scanner = AppendOnlyScanner(source, start: start, line: line)
        let cut = try scan(&scanner, path, name)
        line = scanner.line
        if let cut {
            guard case .truncate(let moment) = wish else { return .valid }
            return try truncate(path, name, to: cut, moment: moment, isLast: isLast)
        }
        return try conclude(path, name, size: size, whole: scanner.wholeOffset, line: line, isLast: isLast)
    }

    /// Reads to the end, or to damage, which it tells of. The offset from which on all is too young, if that is looked for.
    private func scan(_ scanner: inout AppendOnlyScanner, _ path: String, _ name: String) throws(Failure) -> Int? {
        var isMomentBad = false
        do throws(AppendOnlyDamage) {
            while !isMomentBad {
                let offset = scanner.offset
                switch try scanner.next() {
                case .end: return nil
                case .annotation(.moment(let moment)):
                    guard case .truncate(let limit) = wish else { break }
                    if let moment, moment > limit { return offset }
                    isMomentBad = moment == nil
                case .command, .annotation: break
                }
            }
        } catch {
            if error.isForeign { Self.say("AOF \(name) format error") }
            if let text = error.text {
                let place = String(error.offset, radix: 16)
                let suffix = text.hasPrefix("Unexpected ") ? " \(path)" : ""
                Self.say("0x" + String(repeating: " ", count: max(0, 16 - place.count)) + "\(place): \(text)\(suffix)")
            }
            return nil
        }
        throw Failure(text: "Invalid timestamp annotation")
    }

    private func truncate(
        _ path: String, _ name: String, to offset: Int, moment: Int64, isLast: Bool
    ) throws(Failure) -> End {
        guard offset > 0 else { throw Failure(text: "AOF \(path) has nothing before timestamp \(moment), aborting...") }
        guard isLast else {
            throw Failure(
                text: "Failed to truncate AOF \(path) to timestamp \(moment) to offset \(offset) because it is not the last file.\n"
                    + Self.advice)
        }
        let failure = File.truncate(path, to: offset)
        guard failure == 0 else { throw Failure(text: "Failed to truncate AOF \(name): \(FileError(number: failure).message)") }
        return .truncatedTo(moment)
    }

    private func conclude(
        _ path: String, _ name: String, size: Int, whole: Int, line: Int, isLast: Bool
    ) throws(Failure) -> End {
        let rest = size - whole
        if case .truncate(let moment) = wish, rest == 0 {
            Self.say("Truncate nothing in AOF \(name) to timestamp \(moment)")
            return .valid
        }
        Self.say("AOF analyzed: filename=\(name), size=\(size), ok_up_to=\(whole), ok_up_to_line=\(line), diff=\(rest)")
        guard rest > 0 else { return .valid }
        guard wish == .fix else {
            throw Failure(text: "AOF \(name) is not valid. Use the --fix option to try fixing it.")
        }
        guard isLast else {
            throw Failure(text: "Failed to truncate AOF \(name) because it is not the last file")
        }
        Self.say("This will shrink the AOF \(name) from \(size) bytes, with \(rest) bytes, to \(whole) bytes")
        File.write([UInt8]("Continue? [y/N]: ".utf8), to: 1)
        var answer = GrowingBytes(capacity: 16)
        guard File.read(0, &answer, 1) == 1, answer.bytes.matches("Y") else { throw Failure(text: "Aborting...") }
        let failure = File.truncate(path, to: whole)
        guard failure == 0 else { throw Failure(text: "Failed to truncate AOF \(name): \(FileError(number: failure).message)") }
        return .truncated
    }

    private static var advice: String {
        "If you insist, delete all files after this one and their lines in the manifest by hand, then run the check again."
    }
}
