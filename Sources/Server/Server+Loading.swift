// The data that the last server has left.

import Engine
import Primitives
import System

extension Server {
    /// Loads the file of snapshots, and answers clients meanwhile. A server that cannot read
    /// what is there does not start: it would overwrite it.
    mutating func load() throws(StartupError) {
        let begin = time.monotonicNanoseconds
        do throws(LoadFailure) {
            var load = try engine.context.beginLoading()
            let bytes = Int(clamping: engine.context.configuration.persistence.loadingStepBytes)
            while !isStopping {
                do throws(LoadFailure) {
                    if try engine.context.continueLoading(&load, bytes: bytes) { break }
                } catch {
                    engine.context.endLoading(load)
                    throw error
                }
                turnWhileLoading()
            }
            engine.context.endLoading(load)
        } catch {
            guard case .failed(let text) = error else { return }
            logger.warning(text)
            logger.warning("Fatal error loading the DB: \(text). Terminating server after rdb file reading failure.")
            throw StartupError("Can't start without the data that is there: the log says why.")
        }
        let seconds = Double(time.monotonicNanoseconds - begin) / 1e9
        engine.refreshTime()
        engine.context.statistics.dirty = 0
        if !isStopping { logger.notice("DB loaded from disk: \(Self.milliseconds(seconds)) seconds") }
    }

    /// With three decimals.
    private static func milliseconds(_ seconds: Double) -> String {
        let thousandths = Int64(seconds * 1000)
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
