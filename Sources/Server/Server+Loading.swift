// The data that the last server has left.

import Engine
import Primitives
import System

extension Server {
    /// Loads what is there, and answers clients meanwhile. A server that cannot read
    /// what is there does not start: it would overwrite it.
    mutating func load() throws(StartupError) {
        do throws(LoadFailure) {
            if !engine.context.configuration.appendOnly.isEnabled {
                try engine.context.takeOverAppendOnlyFiles()
                try loadSnapshot()
            } else if try !loadAppendOnlyFile() {
                // Nothing to go by but the snapshot: the first base will hold what it says.
                try loadSnapshot()
            }
        } catch {
            if case .failed(let text) = error { logger.warning(text) }
            throw StartupError("Can't start without the data that is there: the log says why.")
        }
        engine.refreshTime()
        engine.context.statistics.dirty = 0
        guard !isStopping, engine.context.configuration.appendOnly.isEnabled else { return }
        guard engine.context.openAppendOnlyFile() else {
            throw StartupError("Can't start without the append-only file: the log says why.")
        }
    }

    private mutating func loadSnapshot() throws(LoadFailure) {
        let begin = time.monotonicNanoseconds
        do throws(LoadFailure) {
            try finish(try engine.context.beginLoading()) { context, load, bytes throws(LoadFailure) in
                try context.continueLoading(&load, bytes: bytes)
            } end: { context, load in
                context.endLoading(load)
            }
        } catch {
            guard case .failed(let text) = error else { return }
            logger.warning(text)
            throw .failed("Fatal error loading the DB: \(text). Terminating server after rdb file reading failure.")
        }
        let seconds = Double(time.monotonicNanoseconds - begin) / 1e9
        if !isStopping { logger.notice("DB loaded from disk: \(Self.milliseconds(seconds)) seconds") }
    }

    /// Loads step by step, a turn behind each, until `step` says that all is loaded or the server stops;
    /// `end` gets the load back, also where a step fails.
    private mutating func finish<Load: ~Copyable>(
        _ load: consuming Load, step: (inout CommandContext, inout Load, Int) throws(LoadFailure) -> Bool,
        end: (inout CommandContext, consuming Load) -> Void
    ) throws(LoadFailure) {
        let bytes = Int(clamping: engine.context.configuration.persistence.loadingStepBytes)
        while !isStopping {
            do throws(LoadFailure) {
                if try step(&engine.context, &load, bytes) { break }
            } catch {
                end(&engine.context, load)
                throw error
            }
            turnWhileLoading()
        }
        end(&engine.context, load)
    }

    /// False when there is none.
    private mutating func loadAppendOnlyFile() throws(LoadFailure) -> Bool {
        do throws(LoadFailure) {
            try finish(try engine.context.beginLoadingAppendOnlyFile()) { context, load, bytes throws(LoadFailure) in
                try context.continueLoading(&load, bytes: bytes)
            } end: { context, load in
                context.endLoading(load)
            }
            return true
        } catch {
            if case .missing = error { return false }
            throw error
        }
    }

    /// With three decimals.
    private static func milliseconds(_ seconds: Double) -> String {
        let thousandths = Int64(seconds * 1000)
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
